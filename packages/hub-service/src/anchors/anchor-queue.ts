import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { SqlAnchors } from '../store/sql-anchors.js';
import { AnchorTrouble, type IAnchorTarget } from './anchor-target.js';

export interface IAnchorQueueOptions {
  readonly targets: readonly IAnchorTarget[];
  readonly anchors: SqlAnchors;
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** How often what waits is looked at, in ms. */
const LOOK_MS = 30_000;
/** How often what is anchored is looked at again, in ms. */
const INSPECT_MS = 3_600_000;
/** Digests in one go: the next go follows at once. */
const AT_A_TIME = 50;
/** Longest wait between tries, in ms. */
const LONGEST_MS = 900_000;

/** The name of a target in the database. */
export function targetName({ kind, place }: Pick<IAnchorTarget, 'kind' | 'place'>): string {
  return `${kind} ${place}`;
}

/**
 * Hands digests to their targets, the oldest first. What waits is what the database says has not gone; so nothing is lost
 * when the service ends, and no digest waits for a target.
 */
export class AnchorQueue {
  constructor(private readonly options: IAnchorQueueOptions) {}

  start(): void {
    this.timer = setInterval(() => void this.run(), LOOK_MS);
    this.timer.unref();
    void this.run();
  }

  /** Hands over what waits and is due. Every failure is told in the database and the log. */
  run(): Promise<void> {
    this.running ??= Promise.all(this.options.targets.map(target => this.runTarget(target)))
      .then(() => undefined)
      .finally(() => {
        this.running = null;
      });
    return this.running;
  }

  /** The same, and then no more. @param ms - what is on its way after that is given up. */
  async runFor(ms: number): Promise<void> {
    const timer = setTimeout(() => this.ending.abort(), ms);
    await this.run();
    clearTimeout(timer);
  }

  /** What is on its way is given up; it waits in the database. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.ending.abort();
    await this.running;
  }

  private async runTarget(target: IAnchorTarget): Promise<void> {
    const { anchors, log, nowMs } = this.options;
    const name = targetName(target);
    try {
      const before = await anchors.state(name);
      if (before.nextAtMs > nowMs()) {
        return;
      }
      const altered = await this.inspected(target, name);
      try {
        await this.handOver(target, name);
        await anchors.tell(name, { tries: 0, nextAtMs: 0, trouble: null, atMs: nowMs() }, altered);
      } catch (error) {
        if (this.ending.signal.aborted) {
          return;
        }
        const tries = before.tries + 1;
        const nextAtMs = nowMs() + delayMs(tries);
        const trouble = reasonOf(error);
        log.warn({ target: name, tries, reason: trouble }, 'A digest could not be anchored yet.');
        const isContradiction = error instanceof AnchorTrouble && error.isContradiction;
        await anchors.tell(
          name,
          { tries, nextAtMs, trouble, atMs: nowMs() },
          isContradiction ? trouble : altered
        );
      }
    } catch (error) {
      log.error({ target: name, reason: reasonOf(error) }, 'The anchors could not be looked after.');
    }
  }

  private async handOver(target: IAnchorTarget, name: string): Promise<void> {
    const { anchors, log } = this.options;
    for (;;) {
      const waiting = await anchors.waiting(name, AT_A_TIME);
      for (const digest of waiting) {
        await anchors.keep(name, await target.anchor(digest, this.ending.signal));
        log.info({ target: name, number: digest.digest.body.number }, 'A digest was anchored.');
      }
      if (waiting.length < AT_A_TIME) {
        return;
      }
    }
  }

  /** @returns undefined = it is not time to look. */
  private async inspected(target: IAnchorTarget, name: string): Promise<string | null | undefined> {
    const { anchors, log, nowMs } = this.options;
    if ((this.inspectedAtMs.get(name) ?? -INSPECT_MS) + INSPECT_MS > nowMs()) {
      return undefined;
    }
    this.inspectedAtMs.set(name, nowMs());
    try {
      const altered = await target.inspect(anchors.anchored(name));
      if (altered !== null) {
        log.error({ target: name, reason: altered }, 'An anchor was altered.');
      }
      return altered;
    } catch (error) {
      log.warn({ target: name, reason: reasonOf(error) }, 'An anchor could not be looked at.');
      return undefined;
    }
  }

  private readonly ending = new AbortController();
  private readonly inspectedAtMs = new Map<string, number>();
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
}

/** Doubles from two seconds up; with jitter, so that replicas do not come together. */
function delayMs(tries: number): number {
  const longest = Math.min(LONGEST_MS, 1000 * 2 ** Math.min(tries, 20));
  return Math.round(longest / 2 + (Math.random() * longest) / 2);
}
