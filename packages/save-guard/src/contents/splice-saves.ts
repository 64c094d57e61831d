import type { ICompanion } from '@labkeeper/labkit';
import {
  encode,
  Receiver,
  spliceAsked,
  spliceDone,
  type RunId,
  type SpliceOutcome
} from '@labkeeper/protocol';
import { PromiseDelegate } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

/** Longest wait for an answer: a hundred megabytes take a second, on a slow home a minute. */
const ANSWER_MS = 180_000;

interface IAsked {
  readonly run: RunId;
  readonly seq: number;
  readonly trusted: boolean;
  readonly answer: PromiseDelegate<SpliceOutcome>;
}

/** Asks the companion to put what the journal holds of a notebook into its file. */
export class SpliceSaves implements IDisposable {
  constructor(private readonly companion: ICompanion) {
    companion.stateChanged.connect(this.onCompanion, this);
    this.listening = companion.listen(
      new Receiver().on(spliceDone, ({ run, seq, outcome }) => {
        const asked = this.asked.get(run);
        if (asked?.seq === seq) {
          asked.answer.resolve(outcome);
        }
      })
    );
  }

  get isDisposed(): boolean {
    return this.listening.isDisposed;
  }

  /**
   * Has everything of a run up to batch `seq` put into the file. What was asked over a connection that is lost is asked
   * again over the next one, because the file may be saved already.
   *
   * @param trusted - all outputs are trusted.
   * @returns null when there is no answer: nobody knows what became of the file.
   */
  async ask(run: RunId, seq: number, trusted: boolean): Promise<SpliceOutcome | null> {
    const asked = { run, seq, trusted, answer: new PromiseDelegate<SpliceOutcome>() };
    this.asked.set(run, asked);
    this.send(asked);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<null>(resolve => {
      timer = setTimeout(() => resolve(null), ANSWER_MS);
    });
    try {
      return await Promise.race([asked.answer.promise, silence]);
    } finally {
      clearTimeout(timer);
      this.asked.delete(run);
    }
  }

  dispose(): void {
    this.companion.stateChanged.disconnect(this.onCompanion, this);
    this.listening.dispose();
  }

  private onCompanion(): void {
    if (this.companion.state === 'connected') {
      this.asked.forEach(asked => this.send(asked));
    }
  }

  private send({ run, seq, trusted }: IAsked): void {
    // Where nobody listens now, it is sent when somebody does.
    this.companion.send(encode(spliceAsked, { run, seq, trusted }));
  }

  private readonly listening: IDisposable;
  private readonly asked = new Map<RunId, IAsked>();
}
