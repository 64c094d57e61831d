import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import {
  feedbackGiven,
  MessageError,
  parseParams,
  type Cause,
  type Death,
  type Notice,
  type RequestResult,
  type RequestsKnown,
  type Verdict,
  type VerdictFeedback
} from '@labkeeper/protocol';
import type { IKeep } from '../deaths/remembered-ids.js';
import type { Outcome, RequestsLink } from './requests-link.js';
import { storable } from './storable.js';

/** Answers that are remembered, at most. */
const KEPT = 100;

/** Where an answer is: `waiting` = to be sent, `kept` = in this browser only, because there is no hub service. */
export type FeedbackStanding = 'waiting' | 'sent' | 'kept' | 'refused';

/** What the researcher says of a verdict. */
export interface IFeedbackAnswer {
  readonly answer: 'yes' | 'no';
  /** What it was instead; null = not said. */
  readonly cause: Cause | null;
  readonly note: string;
}

interface IEntry {
  readonly feedback: VerdictFeedback;
  readonly standing: FeedbackStanding;
}

/** "Was this right?": what was answered about each verdict, so that nobody is asked twice, and none is lost on its way. */
export class FeedbackBook implements IDisposable {
  /**
   * @param keep - null = nothing can be kept; it is remembered as long as the page.
   * @param key - different for each server.
   */
  constructor(
    private readonly link: RequestsLink,
    private readonly keep: IKeep | null,
    private readonly key: string
  ) {
    this.entries = read(keep, key);
    link.companion.stateChanged.connect(() => void this.resend(), this);
    link.changed.connect(this.onLink, this);
    link.resulted.connect(this.onResult, this);
    void this.resend();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Where the answer about a death or notice is; null = none was given. */
  standing(id: string): FeedbackStanding | null {
    return this.entries.get(id)?.standing ?? null;
  }

  /** Whether people should be asked: not about what is plain to them, nor where nothing was claimed. */
  asksAbout({ cause }: Verdict): boolean {
    return cause !== 'asked-for' && cause !== 'runs-elsewhere';
  }

  /** Takes an answer, keeps it and sends it. */
  give(event: Death | Notice, { answer, cause, note }: IFeedbackAnswer): void {
    const text = storable(note);
    const feedback: VerdictFeedback = {
      id: UUID.uuid4(),
      of: 'evidence' in event ? 'death' : 'notice',
      subject: event.id,
      toldCause: event.verdict.cause,
      toldConfidence: event.verdict.confidence,
      answer,
      cause,
      note: text === '' ? null : text
    };
    this.put({ feedback, standing: 'waiting' });
    void this.send(feedback);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private onLink(): void {
    const hub = this.link.known?.hub ?? null;
    const isBack = hub === 'read' && this.hub !== 'read';
    this.hub = hub;
    if (isBack) {
      void this.resend();
    }
  }

  /** One after the other: the companion has room for a few. A later call takes over, as its connection may be another. */
  private async resend(): Promise<void> {
    this.turn += 1;
    const { turn } = this;
    for (const { feedback, standing } of this.entries.values()) {
      if (this.disposed || turn !== this.turn || this.link.companion.state !== 'connected') {
        return;
      }
      if (standing === 'waiting' && (await this.send(feedback)) === 'later') {
        return;
      }
    }
  }

  private async send(feedback: VerdictFeedback): Promise<Outcome['result']> {
    const { result } = await this.link.ask(feedbackGiven, feedback, feedback.id);
    this.came(feedback, result);
    return result;
  }

  /** The companion sends by itself what the hub could not take at first, and says so when the hub has it. */
  private onResult(_link: RequestsLink, { ref, result }: RequestResult): void {
    const entry = [...this.entries.values()].find(({ feedback }) => feedback.id === ref);
    if (entry?.standing === 'waiting') {
      this.came(entry.feedback, result);
    }
  }

  private came(feedback: VerdictFeedback, result: Outcome['result']): void {
    if (!this.disposed && result !== 'later') {
      const standing = result === 'done' ? 'sent' : result === 'no-hub' ? 'kept' : 'refused';
      this.put({ feedback, standing });
    }
  }

  private put(entry: IEntry): void {
    // Another tab may have added to them since.
    const all = new Map([...read(this.keep, this.key), ...this.entries]);
    all.delete(entry.feedback.subject);
    all.set(entry.feedback.subject, entry);
    this.entries = new Map([...all].slice(-KEPT));
    try {
      this.keep?.setItem(this.key, JSON.stringify([...this.entries.values()]));
    } catch {
      // Storage is full or forbidden: then it is remembered until the page closes.
    }
    this._changed.emit();
  }

  private entries: ReadonlyMap<string, IEntry>;
  private disposed = false;
  /** How the hub was, as the companion said last. */
  private hub: RequestsKnown['hub'] | null = null;
  private turn = 0;
  private readonly _changed = new Signal<this, void>(this);
}

const STANDINGS: readonly FeedbackStanding[] = ['waiting', 'sent', 'kept', 'refused'];

function read(keep: IKeep | null, key: string): Map<string, IEntry> {
  const entries = new Map<string, IEntry>();
  try {
    const list: unknown = JSON.parse(keep?.getItem(key) ?? '[]');
    for (const value of Array.isArray(list) ? list : []) {
      const entry = readEntry(value);
      if (entry) {
        entries.set(entry.feedback.subject, entry);
      }
    }
  } catch {
    // Unreadable or forbidden: nothing is remembered.
  }
  return entries;
}

function readEntry(value: unknown): IEntry | null {
  if (typeof value !== 'object' || value === null || !('feedback' in value) || !('standing' in value)) {
    return null;
  }
  const standing = STANDINGS.find(name => name === value.standing);
  try {
    return standing ? { feedback: parseParams(feedbackGiven, value.feedback), standing } : null;
  } catch (error) {
    if (!(error instanceof MessageError)) {
      throw error;
    }
    // Another version wrote it, or another program: it is as if it had not been answered.
    return null;
  }
}
