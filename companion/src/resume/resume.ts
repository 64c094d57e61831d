import { SessionDocuments, type IKernelState } from '@labkeeper/core';
import type { EarlierSession, OpenDocument } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import type { ISessions, SessionFile } from './session-file.js';

/** What changes within this time is written together. */
const SOON_MS = 2000;
/** Time between two writes, at least. */
const PAUSE_MS = 10_000;
/** A page that is loaded anew is back within this time. */
const PAGE_WAIT_MS = 60_000;

export interface IResumeOptions {
  readonly file: Pick<SessionFile, 'read' | 'write'>;
  readonly boot: string;
  readonly serverId: string;
  readonly clock: IClock;
  /** What is told of the server before is another thing. */
  readonly changed: () => void;
}

/** Notes what is open and what runs, for the next server; and tells what the one before noted. */
export class Resume<Page> implements IDisposable {
  constructor(private readonly options: IResumeOptions) {
    this.startedAtMs = options.clock.wallMs();
  }

  /** What was open when the server before ended; null = nothing that the user wants to see. */
  get earlier(): EarlierSession | null {
    return this._earlier;
  }

  /** Reads what the server before noted. Never resolves where the home hangs: nothing waits for it. */
  async start(): Promise<void> {
    const { file, clock, serverId, changed } = this.options;
    const { current, earlier } = await file.read(clock.wallMs());
    this.isRead = true;
    if (current?.serverId === serverId) {
      // Our own server's, whose companion was replaced.
      this.startedAtMs = current.session.startedAtMs;
      this._earlier = earlier;
    } else {
      // One in which nothing was open says nothing against the one before.
      this._earlier = current && current.session.documents.length > 0 ? current.session : earlier;
    }
    this.plan();
    if (this._earlier) {
      changed();
    }
  }

  /** A page tells what is open in it. */
  tell(page: Page, documents: readonly OpenDocument[]): void {
    this.documents.tell(page, documents);
    this.plan();
  }

  /** A page's connection is closed. */
  gone(page: Page): void {
    this.documents.gone(page);
    const wait = this.options.clock.after(PAGE_WAIT_MS, () => {
      this.waits.delete(wait);
      this.documents.forget(page);
      this.plan();
    });
    this.waits.add(wait);
  }

  /** The server's kernels, whole. */
  kernels(kernels: readonly IKernelState[]): void {
    this.documents.kernels(kernels);
    this.plan();
  }

  /** The user was told of the server before, or wants to see it no more. */
  seen(id: string, seen: 'told' | 'dismissed'): void {
    if (this._earlier?.id === id && !(seen === 'told' && this._earlier.told)) {
      this._earlier = seen === 'told' ? { ...this._earlier, told: true } : null;
      this.options.changed();
      this.plan();
    }
  }

  /** The server stops in order: whatever ends from now on ends for that. */
  stopping(): void {
    if (this.frozen === null) {
      this.frozen = this.documents.all;
      void this.write(true);
    }
  }

  /** The end may be near: what is known now is on the disk when this resolves, if the disk takes it. */
  async flush(): Promise<void> {
    if (this.text() !== this.durable) {
      await this.write(true);
    }
  }

  /** @param orderly - whether somebody asked for it. */
  async close(orderly: boolean): Promise<void> {
    this.isOrderly ||= orderly;
    await this.write(true);
    this.dispose();
  }

  dispose(): void {
    this.timer?.dispose();
    this.waits.forEach(wait => wait.dispose());
    this.isDisposed = true;
  }

  private plan(): void {
    const { clock } = this.options;
    if (!this.isRead || this.isDisposed || this.timer || this.text() === this.written) {
      return;
    }
    const waitMs = Math.max(SOON_MS, this.wroteAtMs + PAUSE_MS - clock.monotonicMs());
    this.timer = clock.after(waitMs, () => {
      this.timer = null;
      void this.write(false);
    });
  }

  private async write(durable: boolean): Promise<void> {
    const text = this.text();
    // Before it has been read, what the server before noted would be lost.
    if (!this.isRead || this.isDisposed || (text === this.written && !durable)) {
      return;
    }
    // The first document is noted soon, also when that nothing was open was noted just before.
    this.wroteAtMs = this.documents.all.length > 0 ? this.options.clock.monotonicMs() : -Infinity;
    const turn = this.turn.then(() => this.options.file.write(this.sessions(), durable));
    this.turn = turn;
    if (await turn) {
      this.written = text;
      this.durable = durable ? text : this.durable;
    }
  }

  private sessions(): ISessions {
    const { boot, serverId, clock } = this.options;
    return {
      current: {
        serverId,
        session: {
          id: boot,
          startedAtMs: this.startedAtMs,
          lastAtMs: clock.wallMs(),
          orderly: this.isOrderly || this.frozen !== null,
          documents: [...(this.frozen ?? this.documents.all)],
          told: false
        }
      },
      earlier: this._earlier
    };
  }

  /** What is to be noted, but for the time. */
  private text(): string {
    return JSON.stringify([this.isOrderly, this.frozen ?? this.documents.all, this._earlier]);
  }

  private readonly documents = new SessionDocuments<Page>();
  private readonly waits = new Set<IDisposable>();
  private startedAtMs: number;
  private _earlier: EarlierSession | null = null;
  private frozen: readonly OpenDocument[] | null = null;
  private isOrderly = false;
  private isRead = false;
  private isDisposed = false;
  private timer: IDisposable | null = null;
  private wroteAtMs = -Infinity;
  private written = '';
  private durable = '';
  private turn: Promise<boolean> = Promise.resolve(true);
}
