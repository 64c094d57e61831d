/** How long a question waits for news, in ms: less than proxies and firewalls wait for an answer. */
export const HOLD_MS = 50_000;
/** How often it is looked at whose time is over, in ms: one timer for all. */
const TICK_MS = 1000;
/** Questions that are answered before anything else has its turn, when there is news for all. */
const TURN = 200;
/** Questions that wait, at most: some kB each. */
const MOST = 20_000;

/** A question that waits. */
export interface IPoll<T> {
  /** What there is to tell now; null = nothing that it does not know. */
  news(): T | null;
  /** Called once, at the end of the wait. @param news - null = there was none. */
  answer(news: T | null): void;
}

export interface IHeldPollsOptions {
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  readonly holdMs?: number;
  /** How many wait now. */
  readonly changed?: (count: number) => void;
}

/** Questions that wait for news, one for each asker. */
export class HeldPolls<T> {
  constructor(private readonly options: IHeldPollsOptions) {}

  /**
   * Lets a question wait. One of the same asker that waits already is answered: there is nobody behind it any more.
   *
   * @returns how to end the wait without an answer; null = too many wait.
   */
  hold(asker: string, poll: IPoll<T>): (() => void) | null {
    if (this.isClosed) {
      poll.answer(null);
      return () => undefined;
    }
    this.end(asker, null);
    if (this.polls.size >= MOST) {
      return null;
    }
    const { monotonicMs, holdMs = HOLD_MS } = this.options;
    // All wait equally long, so the map's own order is that of their ends.
    const held = { poll, untilMs: monotonicMs() + holdMs };
    this.polls.set(asker, held);
    this.tell();
    this.timer ??= setInterval(() => this.tick(), TICK_MS).unref();
    return () => {
      if (this.polls.get(asker) === held) {
        this.polls.delete(asker);
        this.tell();
      }
    };
  }

  /** There may be news for anybody. Who comes meanwhile is looked at as well, before it waits. */
  async lookAtAll(): Promise<void> {
    let done = 0;
    for (const [asker, { poll }] of [...this.polls]) {
      const news = this.polls.get(asker)?.poll === poll ? poll.news() : null;
      if (news !== null) {
        this.end(asker, news);
      }
      done += 1;
      if (done % TURN === 0) {
        await new Promise(setImmediate);
      }
    }
  }

  /** Answers all; nobody waits from now on. */
  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    [...this.polls.keys()].forEach(asker => this.end(asker, null));
  }

  private tick(): void {
    const nowMs = this.options.monotonicMs();
    for (const [asker, { untilMs }] of this.polls) {
      if (untilMs > nowMs) {
        break;
      }
      this.end(asker, null);
    }
  }

  private end(asker: string, news: T | null): void {
    const held = this.polls.get(asker);
    if (held) {
      this.polls.delete(asker);
      this.tell();
      held.poll.answer(news);
    }
  }

  private tell(): void {
    this.options.changed?.(this.polls.size);
  }

  private readonly polls = new Map<string, { readonly poll: IPoll<T>; readonly untilMs: number }>();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
}
