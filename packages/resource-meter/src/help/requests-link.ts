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
        .on(requestResult, ({ ref, result, message }) => this.answers.get(ref)?.({ result, message }))
        .on(requestsKnown, known => {
          this._known = known;
          this._changed.emit();
        })
        .on(requestStory, story => {
          this._story = story;
          this._changed.emit();
        })
    );
    companion.stateChanged.connect(this.onConnection, this);
  }

  /** Own requests; null = the companion has not said. */
  get known(): RequestsKnown | null {
    return this._known;
  }

  /** The request that was read last, with its answers. */
  get story(): RequestStory | null {
    return this._story;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether somebody looks at the own requests. */
  set shown(isShown: boolean) {
    if (isShown !== this.isShown) {
      this.isShown = isShown;
      this.tell();
    }
  }

  /** Asks for one request with its answers; it comes as `story`. */
  read(id: string): void {
    this.companion.send(encode(requestRead, { id }));
  }

  /**
   * Sends a message. @param ref - the id by which it is answered.
   * @returns `later` where there is no connection, or no answer in time: the same can be sent again.
   */
  ask<D extends IDeclaration>(declaration: D, params: unknown, ref: string): Promise<Outcome> {
    return new Promise(resolve => {
      const done = (outcome: Outcome): void => {
        window.clearTimeout(late);
        this.answers.delete(ref);
        resolve(outcome);
      };
      const late = window.setTimeout(() => done({ result: 'later', message: null }), this.answerMs);
      this.answers.set(ref, done);
      if (!this.companion.send(encode(declaration, params))) {
        done({ result: 'later', message: null });
      }
    });
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

  private onConnection(): void {
    if (this.companion.state === 'connected' && this.isShown) {
      this.tell();
    }
    this._changed.emit();
  }

  private tell(): void {
    this.companion.send(encode(requestsWanted, { wanted: this.isShown }));
  }

  private readonly answers = new Map<string, (outcome: Outcome) => void>();
  private readonly listening: IDisposable;
  private _known: RequestsKnown | null = null;
  private _story: RequestStory | null = null;
  private isShown = false;
  private readonly _changed = new Signal<this, void>(this);
}
