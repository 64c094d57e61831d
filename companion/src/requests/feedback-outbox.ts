import { PollPace } from '@labkeeper/core';
import { KEPT_FEEDBACK, REQUEST_PATHS, type VerdictFeedback } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import type { FeedbackNote } from './feedback-note.js';
import { LATER, type IHubResult, type RequestHub } from './request-hub.js';

/** What cannot be read is tried again after this, ms. */
const READ_AGAIN_MS = 60_000;

export interface IFeedbackOutboxOptions {
  readonly hub: Pick<RequestHub, 'post'>;
  readonly clock: IClock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Where what waits is kept; null = it is remembered as long as the companion. */
  readonly note: FeedbackNote | null;
  /** What came of an answer, at once or after it had to wait. */
  readonly settled: (id: string, result: IHubResult) => void;
}

/**
 * Brings answers to "Was this right?" to the hub, one after the other. What it cannot take now is sent again by itself, ever
 * more seldom, also by the next companion; the hub stores each once, by its id.
 */
export class FeedbackOutbox implements IDisposable {
  constructor(private readonly options: IFeedbackOutboxOptions) {
    this.pace = new PollPace(options.random);
  }

  /** Sends what an earlier companion could not. Never resolves, where the home hangs. */
  async start(): Promise<void> {
    this.isReading = true;
    const kept = this.options.note ? await this.options.note.read() : [];
    if (kept === null) {
      if (!this.disposed) {
        this.again = this.options.clock.after(READ_AGAIN_MS, () => void this.start());
      }
      return;
    }
    this.isReading = false;
    const isMore = this.waiting.size > 0;
    for (const feedback of kept.filter(({ id }) => !this.waiting.has(id))) {
      this.put(feedback);
      this.isKept = true;
    }
    if (isMore) {
      this.keep();
    }
    if (this.waiting.size > 0 && this.timer === null && this.sending === null) {
      this.plan(this.pace.answered());
    }
  }

  /** Takes an answer. @returns what came of it; `later`: it is kept, and sent when the hub takes it. */
  give(feedback: VerdictFeedback): Promise<IHubResult> {
    if (this.waiting.has(feedback.id)) {
      // A page that was opened again, or another one, sends it too; all pages are told what comes of it.
      return Promise.resolve(LATER);
    }
    this.put(feedback);
    if (this.timer !== null) {
      // The hub was asked a moment ago: this one waits with the others.
      this.keep();
      return Promise.resolve(LATER);
    }
    return new Promise(resolve => {
      this.asking.set(feedback.id, resolve);
      this.send();
    });
  }

  dispose(): void {
    this.disposed = true;
    this.again?.dispose();
    this.timer?.dispose();
    this.timer = null;
  }

  private send(): void {
    this.sending ??= this.turn().finally(() => {
      this.sending = null;
      if (this.timer === null && this.waiting.size > 0 && !this.disposed) {
        // It came while the last one ended.
        this.send();
      }
    });
  }

  /** Sends what waits, until there is nothing more or the hub says later. */
  private async turn(): Promise<void> {
    for (const feedback of this.waiting.values()) {
      const result = this.disposed ? LATER : await this.options.hub.post(REQUEST_PATHS.feedback, feedback);
      if (result.result === 'later') {
        this.later(result);
        return;
      }
      this.pace.answered();
      this.waiting.delete(feedback.id);
      this.answer(feedback.id, result);
      if (this.isKept) {
        this.keep();
      }
    }
  }

  private later(result: IHubResult): void {
    this.plan(this.pace.failed('away', result.laterMs));
    this.keep();
    for (const [id, answered] of this.asking) {
      this.asking.delete(id);
      answered(this.waiting.has(id) ? { ...result, result: 'later' } : LATER);
    }
  }

  private answer(id: string, result: IHubResult): void {
    this.asking.get(id)?.(result);
    this.asking.delete(id);
    this.options.settled(id, result);
  }

  private plan(ms: number): void {
    if (!this.disposed) {
      this.timer?.dispose();
      this.timer = this.options.clock.after(ms, () => {
        this.timer = null;
        this.send();
      });
    }
  }

  /** The oldest go where there are very many; pages keep as many themselves. */
  private put(feedback: VerdictFeedback): void {
    this.waiting.set(feedback.id, feedback);
    for (const id of [...this.waiting.keys()].slice(0, -KEPT_FEEDBACK)) {
      this.waiting.delete(id);
      this.answer(id, { ...LATER, result: 'refused' });
    }
  }

  private keep(): void {
    if (this.isReading) {
      // What lies there would be written over before it is known.
      return;
    }
    this.isKept = this.waiting.size > 0;
    this.options.note?.write([...this.waiting.values()]);
  }

  private readonly pace: PollPace;
  /** By id, oldest first. */
  private readonly waiting = new Map<string, VerdictFeedback>();
  /** Who waits for what comes of it. */
  private readonly asking = new Map<string, (result: IHubResult) => void>();
  /** It is not known yet what an earlier companion kept. */
  private isReading = false;
  /** Something of it is on the disk. */
  private isKept = false;
  private again: IDisposable | null = null;
  private sending: Promise<void> | null = null;
  private timer: IDisposable | null = null;
  private disposed = false;
}
