import {
  anyHello,
  encode,
  pageHello,
  parseParams,
  PROTOCOL,
  Receiver,
  tick,
  visibilityChanged
} from '@labkeeper/protocol';
import type { WebSocket } from 'ws';
import type { KeepForPage } from '../audit/audit-desk.js';
import type { IClock, IDisposable } from '../clock.js';
import type { PageSaves } from '../save/page-saves.js';
import type { SaveGuard } from '../save/save-guard.js';
import { readSocket, type IIncomingCounts } from './incoming.js';

/** Bytes waiting for a page above which it gets no more samples. */
export const BLOCKED_BYTES = 256 * 1024;
/** A page that takes nothing for this long while it is blocked is let go, also where its machine is gone; it connects again. */
export const GIVE_UP_MS = 60_000;
/** Messages kept for a blocked page, one per id. */
export const KEPT_MESSAGES = 128;

/** A page that got a sample within so many ms gets another one soon: samples come once a second, or more often. */
const SAMPLED_MS = 1500;

/** Close code of a page that speaks another protocol. */
export const CLOSE_PROTOCOL = 4409;

export interface IPageLinkOptions {
  readonly socket: WebSocket;
  readonly clock: IClock;
  readonly counts: IIncomingCounts;
  /** The page said hello, and whether it is visible. */
  readonly greeted: () => void;
  /** The page became visible or hidden since. */
  readonly visibilityChanged: () => void;
  readonly closed: () => void;
  /** Lets others take what the page says, and tell it something. @returns to be called when the page is gone. */
  readonly join: (receiver: Receiver, keep: KeepForPage) => () => void;
  readonly guard: SaveGuard;
  readonly badFrame: (reason: string) => void;
}

/**
 * One page. What waits for it is bounded: a page that reads slowly gets fewer samples, and of the rest only the newest
 * of each id.
 */
export class PageLink {
  constructor(private readonly options: IPageLinkOptions) {
    const { socket } = options;
    const receiver = new Receiver()
      .on(anyHello, hello => this.greet(hello))
      .on(visibilityChanged, ({ visible }) => this.see(visible));
    const leave = options.join(receiver, (id, text) => this.keep(id, text));
    this.saves = options.guard.link(
      {
        keep: (id, text, mayWait) => this.keep(id, text, mayWait),
        send: (id, text) => this.sendInTurn(id, text),
        hold: isHeld => (isHeld ? socket.pause() : socket.resume())
      },
      receiver
    );
    readSocket(socket, receiver, options.counts, options.badFrame, frame => this.takeBulk(frame));
    socket.on('close', () => {
      this.isOpen = false;
      options.guard.forget(this.tick);
      this.saves.dispose();
      this.giveUp?.dispose();
      this.kept.clear();
      this.waiting.forEach(tell => tell(false));
      leave();
      options.closed();
    });
  }

  /** Whether the page said it is visible: hidden ones get deaths and notices, but no samples. */
  get visible(): boolean {
    return this.isVisible;
  }

  /** Bytes that wait for the page to read. */
  get waitingBytes(): number {
    return this.options.socket.bufferedAmount;
  }

  /** Sends a message that a slow page may miss. */
  offer(text: string): void {
    this.offeredAtMs = this.options.clock.monotonicMs();
    if (!this.blocked()) {
      this.write(text);
    }
  }

  /**
   * Sends a message that the page must get; while it is blocked only the newest of each `id` is kept. `text` is asked
   * for when it is sent, so that a page that does not read costs nothing.
   *
   * @param mayWait - it may go right after the next sample: to wake up for one message costs more than the message.
   */
  keep(id: string, text: () => string, mayWait = false): void {
    if (!(mayWait && this.isSampled)) {
      this.drain();
      if (!this.blocked() && this.kept.size === 0) {
        this.write(text());
        return;
      }
    }
    this.kept.delete(id);
    this.kept.set(id, text);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT_MESSAGES) {
        break;
      }
      this.kept.delete(oldest);
    }
  }

  /** Closes with a code and a sentence (at most 123 bytes). */
  close(code: number, reason: string): void {
    this.options.socket.close(code, reason);
  }

  /** Sends a message that waits its turn. @returns whether it is on its way; false = the page is gone. */
  private sendInTurn(id: string, text: () => string): Promise<boolean> {
    return new Promise(resolve => {
      if (!this.isOpen) {
        resolve(false);
        return;
      }
      this.waiting.add(resolve);
      this.keep(id, () => {
        this.waiting.delete(resolve);
        resolve(true);
        return text();
      });
    });
  }

  private greet(hello: { protocol: number }): void {
    if (hello.protocol !== PROTOCOL) {
      this.close(
        CLOSE_PROTOCOL,
        hello.protocol < PROTOCOL
          ? 'This page is older than the Labkeeper on the server: reload the page.'
          : 'This page is newer than the Labkeeper on the server: restart the server.'
      );
      return;
    }
    this.isVisible = parseParams(pageHello, hello).visible;
    this.options.greeted();
    this.saves.greet();
  }

  private takeBulk(frame: Buffer): boolean {
    const isBulk = this.saves.takeBulk(frame);
    if (isBulk && !this.isVisible) {
      this.options.guard.heard(this.tick);
    }
    return isBulk;
  }

  private readonly tick = (): void =>
    this.keep('tick', () => encode(tick, { atMs: this.options.clock.wallMs() }));

  private see(visible: boolean): void {
    if (visible !== this.isVisible) {
      this.isVisible = visible;
      const { guard, visibilityChanged } = this.options;
      if (visible) {
        guard.forget(this.tick);
      } else {
        guard.heard(this.tick);
        this.drain();
      }
      visibilityChanged();
    }
  }

  private get isSampled(): boolean {
    return this.isVisible && this.options.clock.monotonicMs() - this.offeredAtMs < SAMPLED_MS;
  }

  private blocked(): boolean {
    const blocked = this.isOpen && this.waitingBytes > BLOCKED_BYTES;
    if (blocked) {
      this.giveUp ??= this.planToLetGo(GIVE_UP_MS);
    }
    return blocked;
  }

  private planToLetGo(waitMs: number): IDisposable {
    return this.options.clock.after(waitMs, () => this.letGo());
  }

  private letGo(): void {
    this.giveUp = null;
    if (this.waitingBytes <= BLOCKED_BYTES) {
      return;
    }
    const leftMs = this.tookAtMs + GIVE_UP_MS - this.options.clock.monotonicMs();
    if (leftMs > 0) {
      this.giveUp = this.planToLetGo(leftMs);
    } else {
      // close() would wait behind everything that the page does not read.
      this.options.socket.terminate();
    }
  }

  private write(text: string): void {
    this.options.socket.send(text, error => {
      // An error here means that the socket closed, which 'close' tells.
      if (!error) {
        this.tookAtMs = this.options.clock.monotonicMs();
        this.drain();
      }
    });
  }

  private drain(): void {
    if (this.waitingBytes > BLOCKED_BYTES) {
      return;
    }
    this.giveUp?.dispose();
    this.giveUp = null;
    for (const [id, text] of this.kept) {
      if (this.blocked()) {
        break;
      }
      this.kept.delete(id);
      this.write(text());
    }
  }

  private readonly saves: PageSaves;
  private isOpen = true;
  private isVisible = false;
  private offeredAtMs = -Infinity;
  /** When the page, or a buffer on the way to it, took a message last. */
  private tookAtMs = -Infinity;
  private giveUp: IDisposable | null = null;
  private readonly kept = new Map<string, () => string>();
  /** Who waits for the turn of a message. */
  private readonly waiting = new Set<(isSent: boolean) => void>();
}
