import type { ICompanion } from '@labkeeper/labkit';
import {
  encode,
  Receiver,
  requestRead,
  requestResult,
  requestsKnown,
  requestStory,
  requestsWanted,
  type IDeclaration,
  type RequestResult,
  type RequestsKnown,
  type RequestStory
} from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

/** The companion has so long to say what came of something, ms: it waits for the hub itself. */
const ANSWER_MS = 45_000;

/** What came of something that was sent. */
export type Outcome = Pick<RequestResult, 'result' | 'message'>;

/** Sends what the researcher asks for or answers through the companion, and knows her own requests. */
export class RequestsLink implements IDisposable {
  constructor(
    readonly companion: ICompanion,
    private readonly answerMs = ANSWER_MS
  ) {
    this.listening = companion.listen(
      new Receiver()
        .on(requestResult, ({ ref, result, message }) => {
          // A request that was read is answered by its id, like one that was sent: what was sent goes first.
          const key = this.answers.has(ref) ? ref : readKey(ref);
          this.settle(key, { result, message });
          this._resulted.emit({ ref, result, message });
        })
        .on(requestsKnown, known => {
          this._known = known;
          this._changed.emit();
        })
        .on(requestStory, story => {
          this._stories.set(story.id, story);
          this.settle(readKey(story.id), { result: 'done', message: null });
          this._changed.emit();
        })
    );
    companion.stateChanged.connect(this.onConnection, this);
  }

  /** Own requests; null = the companion has not said. */
  get known(): RequestsKnown | null {
    return this._known;
  }

  /** The requests that were read, with their answers, by their ids. */
  get stories(): ReadonlyMap<string, RequestStory> {
    return this._stories;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What came of something, also of what was sent long ago or by another page. */
  get resulted(): ISignal<this, RequestResult> {
    return this._resulted;
  }

  /** Whether somebody looks at the own requests. */
  set shown(isShown: boolean) {
    if (isShown !== this.isShown) {
      this.isShown = isShown;
      this.tell();
    }
  }

  /** Asks for one request with its answers. @returns `done`: it is among the `stories`. `later` as with `ask`. */
  read(id: string): Promise<Outcome> {
    return this.wait(readKey(id), encode(requestRead, { id }));
  }

  /**
   * Sends a message. @param ref - the id by which it is answered.
   * @returns `later` where there is no connection, or no answer in time: the same can be sent again.
   */
  ask<D extends IDeclaration>(declaration: D, params: unknown, ref: string): Promise<Outcome> {
    return this.wait(ref, encode(declaration, params));
  }

  get isDisposed(): boolean {
    return this.listening.isDisposed;
  }

  dispose(): void {
    this.shown = false;
    this.listening.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private wait(key: string, frame: string): Promise<Outcome> {
    return new Promise(resolve => {
      const waiting = this.answers.get(key) ?? new Set();
      const done = (outcome: Outcome): void => {
        window.clearTimeout(late);
        waiting.delete(done);
        if (waiting.size === 0) {
          this.answers.delete(key);
        }
        resolve(outcome);
      };
      const late = window.setTimeout(() => done({ result: 'later', message: null }), this.answerMs);
      this.answers.set(key, waiting.add(done));
      if (!this.companion.send(frame)) {
        done({ result: 'later', message: null });
      }
    });
  }

  private settle(key: string, outcome: Outcome): void {
    [...(this.answers.get(key) ?? [])].forEach(done => done(outcome));
  }

  private onConnection(): void {
    if (this.companion.state === 'connected' && this.isShown) {
      this.tell();
    }
    this._changed.emit();
  }

  private tell(): void {
    this.companion.send(encode(requestsWanted, { wanted: this.isShown }));
  }

  private readonly answers = new Map<string, Set<(outcome: Outcome) => void>>();
  private readonly listening: IDisposable;
  private _known: RequestsKnown | null = null;
  private readonly _stories = new Map<string, RequestStory>();
  private isShown = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _resulted = new Signal<this, RequestResult>(this);
}

function readKey(id: string): string {
  return `read ${id}`;
}
