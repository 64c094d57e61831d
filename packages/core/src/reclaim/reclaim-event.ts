import type { Reclaim } from '@labkeeper/protocol';
import type { IEventMark } from './same-event.js';
import type { IReclaimStatement } from './statement.js';

/** What was said, by which channel and when. */
export interface IReclaimObservation extends IReclaimStatement {
  readonly channel: string;
  /** Wall clock, ms since the Unix epoch. */
  readonly atMs: number;
}

/** So long after its end a notice that no channel repeats is taken as withdrawn, ms. */
const STALE_MS = 10 * 60_000;

/** One channel's word about an event. */
export class ReclaimWord {
  constructor(
    readonly said: IReclaimObservation,
    monotonicMs: number
  ) {
    this.deadlineMs = said.deadlineMs;
    this.heardAtMs = said.atMs;
    this.heardMonotonicMs = monotonicMs;
    this.endMonotonicMs = monotonicMs + Math.max(0, (said.deadlineMs ?? said.atMs) - said.atMs);
  }

  /** The earliest deadline that it gave; null = any moment. */
  deadlineMs: number | null;

  /** When it ends at the latest as far as is known; past its deadline, or without one, it is due when said last. */
  get endMs(): number {
    return Math.max(this.deadlineMs ?? 0, this.heardAtMs);
  }

  /** From here on, on the monotonic clock, it is stale unless it is said again. */
  get staleAtMs(): number {
    return Math.max(this.endMonotonicMs, this.heardMonotonicMs) + STALE_MS;
  }

  /** It was said again: it holds, and an earlier deadline counts. */
  repeat(said: IReclaimObservation, monotonicMs: number): void {
    this.heardAtMs = said.atMs;
    this.heardMonotonicMs = monotonicMs;
    if (this.deadlineMs !== null && (said.deadlineMs === null || said.deadlineMs < this.deadlineMs)) {
      this.endMonotonicMs = monotonicMs + Math.max(0, (said.deadlineMs ?? said.atMs) - said.atMs);
      this.deadlineMs = said.deadlineMs;
    }
  }

  private heardAtMs: number;
  private heardMonotonicMs: number;
  private endMonotonicMs: number;
}

/** One event, and all words about it that hold. */
export class ReclaimEvent {
  constructor(
    readonly id: string,
    first: ReclaimWord
  ) {
    this.words.add(first);
    this.told = this.tell(first.said.atMs);
  }

  /** In the order in which they came. */
  readonly words = new Set<ReclaimWord>();

  /** Since when it has been withdrawn, on the monotonic clock; null = it holds. */
  withdrawnAtMs: number | null = null;

  /** What people are told. */
  told: Reclaim;

  /** How to find other words about it; null = it is withdrawn, so that what comes is another event. */
  get mark(): IEventMark | null {
    const words = [...this.words];
    const end = words.map(word => word.endMs).sort((a, b) => a - b)[0];
    return end === undefined ? null : { kind: this.told.kind, endMs: end };
  }

  /** Brings up to date what is told. */
  update(monotonicMs: number): void {
    this.withdrawnAtMs = this.words.size > 0 ? null : (this.withdrawnAtMs ?? monotonicMs);
    this.told = this.tell(this.told.givenAtMs);
  }

  private tell(givenAtMs: number): Reclaim {
    const words = [...this.words];
    const first = words[0];
    if (!first) {
      return { ...this.told, withdrawn: true };
    }
    // A stop says that, the others say why.
    const reason = words.find(word => word.said.kind !== 'stop') ?? first;
    return {
      id: this.id,
      kind: reason.said.kind,
      deadlineMs: earliest(words),
      givenAtMs,
      source: reason.said.source,
      withdrawn: false,
      // Only if nobody says otherwise.
      ...(words.every(word => word.said.memoryKept === true) ? { memoryKept: true } : {})
    };
  }
}

/** The earliest of the deadlines; null = any moment, which is before all others. */
function earliest(words: readonly ReclaimWord[]): number | null {
  let ms: number | null = Infinity;
  for (const { deadlineMs } of words) {
    ms = ms === null || deadlineMs === null ? null : Math.min(ms, deadlineMs);
  }
  return ms;
}
