import type { Reclaim } from '@labkeeper/protocol';
import { deadlineProblem } from './deadline-check.js';
import { ReclaimEvent, ReclaimWord, type IReclaimObservation } from './reclaim-event.js';
import { isSameEvent } from './same-event.js';
import type { IReclaimStatement } from './statement.js';

/** Both clocks, in ms. The wall clock is only used to place deadlines, the monotonic one for every duration. */
export interface IMoment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Words that are kept at most; of more, those with the latest ends go. Real machines hear three or four. */
const WORDS = 32;
/** A withdrawn notice is shown for this long, so that a page says that it is over. */
const WITHDRAWN_MS = 5 * 60_000;
/** Withdrawn notices that are kept at most. */
const WITHDRAWN = 8;

/**
 * All notices that the end is near. Takes what the channels say, again and again and each in its own words, and gives
 * one list: words about the same event are one notice with the earliest of their deadlines, said again it is no news,
 * and a deadline that is computed anew at every question stays where it was first. A notice goes when every channel
 * took its word back, or when nobody repeats it long after its end.
 *
 * Durations count on the monotonic clock, and what belongs together is decided once, when a word is first heard: a
 * wall clock that is set makes no notice come or go.
 */
export class ReclaimBoard {
  /**
   * @param changed - called with the new list after every change, never for a repetition.
   */
  constructor(private readonly changed: (reclaims: readonly Reclaim[]) => void) {}

  /** The notices: the earliest end first, withdrawn ones last. */
  get reclaims(): readonly Reclaim[] {
    return this.told;
  }

  /** A channel says something. Gives the reason, for the log, when that makes no sense and is not taken; else null. */
  observe(said: IReclaimObservation, monotonicMs: number): string | null {
    const problem = this.take(said, monotonicMs);
    this.tell(monotonicMs);
    return problem;
  }

  /** A channel takes its word back. */
  gone(channel: string, key: string, monotonicMs: number): void {
    this.drop(nameOf(channel, key), monotonicMs);
    this.tell(monotonicMs);
  }

  /**
   * All that a channel says now: what it said before and does not repeat is taken back. Gives the reasons, for the log,
   * why some of it was not taken.
   */
  hear(channel: string, statements: readonly IReclaimStatement[], now: IMoment): string[] {
    const names = new Set(statements.map(statement => nameOf(channel, statement.key)));
    for (const [name, word] of this.words) {
      if (word.said.channel === channel && !names.has(name)) {
        this.drop(name, now.monotonicMs);
      }
    }
    const problems = statements.map(statement =>
      this.take({ ...statement, channel, atMs: now.wallMs }, now.monotonicMs)
    );
    this.tell(now.monotonicMs);
    return problems.filter(problem => problem !== null);
  }

  /** Lets time pass. Gives the ms until the next moment at which something may end by itself; null = nothing will. */
  look(monotonicMs: number): number | null {
    for (const [name, word] of this.words) {
      if (monotonicMs >= word.staleAtMs) {
        this.drop(name, monotonicMs);
      }
    }
    this.tell(monotonicMs);
    const ends = [...this.words.values()].map(word => word.staleAtMs);
    for (const { withdrawnAtMs } of this.events) {
      if (withdrawnAtMs !== null) {
        ends.push(withdrawnAtMs + WITHDRAWN_MS);
      }
    }
    return ends.length === 0 ? null : Math.max(0, Math.min(...ends) - monotonicMs);
  }

  private take(said: IReclaimObservation, monotonicMs: number): string | null {
    const name = nameOf(said.channel, said.key);
    const problem = deadlineProblem(said.deadlineMs, said.atMs);
    let known = this.words.get(name);
    if (known && said.kind !== known.said.kind && problem === null) {
      // Of another kind it is another event.
      this.drop(name, monotonicMs);
      known = undefined;
    }
    if (known && said.revision === known.said.revision) {
      // What is known stays known, also when its deadline is long past or is now told as nonsense.
      known.repeat(problem === null ? said : { ...said, deadlineMs: known.deadlineMs }, monotonicMs);
      return null;
    }
    if (problem !== null) {
      return problem;
    }
    if (!known && this.words.size >= WORDS && !this.makeRoom(said, monotonicMs)) {
      return `there are already ${WORDS} notices with earlier ends`;
    }
    this.place(name, new ReclaimWord(said, monotonicMs), known).update(monotonicMs);
    return null;
  }

  /** Puts a word to its event, in the place of what the channel said before. */
  private place(name: string, word: ReclaimWord, before: ReclaimWord | undefined): ReclaimEvent {
    const event = (before ? this.placed.get(name) : this.eventOf(name, word)) ?? this.create(word);
    event.words.add(word);
    if (before) {
      event.words.delete(before);
    }
    this.words.set(name, word);
    this.placed.set(name, event);
    return event;
  }

  /**
   * The event to which a new word belongs: one of its kind that fits, so that there are never two of a kind that happens
   * once; else the one that it had until it was withdrawn a moment ago; else any that fits.
   */
  private eventOf(name: string, word: ReclaimWord): ReclaimEvent | undefined {
    const { kind } = word.said;
    const mark = { kind, endMs: word.endMs };
    const fitting = [...this.events].filter(event => event.mark !== null && isSameEvent(event.mark, mark));
    const own = this.placed.get(name);
    return (
      fitting.find(event => event.told.kind === kind) ??
      (own?.told.kind === kind ? own : undefined) ??
      fitting[0]
    );
  }

  private create(word: ReclaimWord): ReclaimEvent {
    const event = new ReclaimEvent(`${word.said.atMs}-${++this.count}`, word);
    this.events.add(event);
    return event;
  }

  /** Forgets the word with the latest end; false = that would be the new one. */
  private makeRoom(said: IReclaimObservation, monotonicMs: number): boolean {
    let latest: { readonly name: string; readonly endMs: number } | null = null;
    for (const [name, word] of this.words) {
      if (!latest || word.endMs > latest.endMs) {
        latest = { name, endMs: word.endMs };
      }
    }
    if (!latest || latest.endMs <= (said.deadlineMs ?? said.atMs)) {
      return false;
    }
    this.drop(latest.name, monotonicMs);
    return true;
  }

  private drop(name: string, monotonicMs: number): void {
    const word = this.words.get(name);
    const event = this.placed.get(name);
    if (word && event) {
      this.words.delete(name);
      event.words.delete(word);
      event.update(monotonicMs);
    }
  }

  /** Brings the list up to date and says so if it is another one. */
  private tell(monotonicMs: number): void {
    // A repetition may have brought a deadline nearer.
    this.events.forEach(event => event.update(monotonicMs));
    this.forget(monotonicMs);
    const told = [...this.events].map(event => event.told).sort(byEnd);
    if (JSON.stringify(told) !== JSON.stringify(this.told)) {
      this.told = told;
      this.changed(told);
    }
  }

  private forget(monotonicMs: number): void {
    const withdrawn = [...this.events].filter(event => event.withdrawnAtMs !== null);
    withdrawn.sort((a, b) => (b.withdrawnAtMs ?? 0) - (a.withdrawnAtMs ?? 0));
    withdrawn.forEach((event, index) => {
      if (index >= WITHDRAWN || monotonicMs - (event.withdrawnAtMs ?? 0) >= WITHDRAWN_MS) {
        this.events.delete(event);
      }
    });
    for (const [name, event] of this.placed) {
      if (!this.events.has(event)) {
        this.placed.delete(name);
      }
    }
  }

  private told: readonly Reclaim[] = [];
  private count = 0;
  private readonly events = new Set<ReclaimEvent>();
  /** The words that hold, by channel and key. */
  private readonly words = new Map<string, ReclaimWord>();
  /** To which event a word belongs, kept while the event is known, so that a word that comes back finds it. */
  private readonly placed = new Map<string, ReclaimEvent>();
}

function nameOf(channel: string, key: string): string {
  return `${channel}\n${key}`;
}

/** Holding ones first, then by deadline, any moment before all; then the older first. */
function byEnd(a: Reclaim, b: Reclaim): number {
  return (
    Number(a.withdrawn) - Number(b.withdrawn) ||
    (a.deadlineMs ?? -1) - (b.deadlineMs ?? -1) ||
    a.givenAtMs - b.givenAtMs ||
    (a.id < b.id ? -1 : 1)
  );
}
