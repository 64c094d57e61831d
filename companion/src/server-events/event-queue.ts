import { lostEvent } from '@labkeeper/core';
import {
  HUB_PROTOCOL,
  SERVER_EVENTS,
  SERVER_EVENTS_BYTES,
  type KeptEvent,
  type LostEvent,
  type ServerEvent,
  type ServerEventsHead
} from '@labkeeper/protocol';
import { sha256Hex } from '../audit/segment.js';

/** Events that wait, at most; then the oldest go. */
const WAITING = 500;

/** Events of one run of a companion, by their numbers. */
export interface IEventRun {
  readonly boot: string;
  /** That the server said it ran in; null = not known. */
  readonly image: string | null;
  readonly events: readonly KeptEvent[];
}

/**
 * Events that wait to be sent, those of earlier runs first, and the batch that is under way: it stays the same until it is
 * answered. Each has its number from the moment at which it comes, so that one that is sent again is stored once.
 */
export class EventQueue {
  /**
   * @param boot - the companion's run. @param image - that the server says it runs in; null = not known.
   * @param nowMs - epoch ms; null = what found no room is not told.
   */
  constructor(
    private readonly boot: string,
    private readonly image: string | null,
    private readonly nowMs: (() => number) | null = null
  ) {}

  get isEmpty(): boolean {
    return this.batch === null && this.earlier.length === 0 && this.own.length === 0;
  }

  /** Events of this run that the hub does not have. */
  get unsent(): readonly KeptEvent[] {
    return this.unsentOf(this.boot);
  }

  /** Events of a run that the hub does not have. */
  unsentOf(boot: string): readonly KeptEvent[] {
    return [
      ...(this.batch?.boot === boot ? this.batch.events : []),
      ...this.earlier.filter(run => run.boot === boot).flatMap(({ events }) => events),
      ...(boot === this.boot ? this.own : [])
    ];
  }

  /** Whether events of a run wait. */
  holds(boot: string): boolean {
    return this.batch?.boot === boot || this.earlier.some(run => run.boot === boot);
  }

  add(event: ServerEvent): void {
    this.seq += 1;
    this.own.push({ seq: this.seq, event });
    this.drop(this.own, this.own.length - WAITING);
  }

  /** Events of this companion that have their numbers already, in a run of their own. */
  addCounted({ boot, image, events }: IEventRun): void {
    let run = this.earlier.find(each => each.boot === boot);
    if (run === undefined) {
      run = { boot, image, events: [] };
      this.earlier.push(run);
    }
    run.events.push(...[...events].sort((a, b) => a.seq - b.seq));
    this.drop(run.events, run.events.length - WAITING);
    this.earlier = this.earlier.filter(each => each.events.length > 0);
  }

  /** Events that an earlier run did not send. */
  restore({ boot, image, events }: IEventRun): void {
    if (events.length > 0) {
      this.earlier.push({ boot, image, events: [...events].sort((a, b) => a.seq - b.seq) });
    }
  }

  /** Events were lost. @param what - names this loss: told twice, it is stored once. */
  lost(what: string, loss: Pick<LostEvent, 'why' | 'sinceMs' | 'count'>): void {
    if (this.nowMs !== null) {
      this.add(lostEvent(sha256Hex, what, this.nowMs(), loss));
    }
  }

  /** Those that found no room are counted in an event of their own. */
  tellDropped(): void {
    if (this.dropped !== null && this.nowMs !== null) {
      // The event that tells it needs room too.
      this.drop(this.own, this.own.length + 1 - WAITING);
      const { dropped } = this;
      this.dropped = null;
      this.lost(`${this.boot} ${this.seq}`, { why: 'full', ...dropped });
    }
  }

  /** Nothing is to be sent any more. */
  clear(): void {
    this.own = [];
    this.earlier = [];
    this.dropped = null;
    // The hub may have the batch under way: what comes later does not bear its numbers.
    this.done();
  }

  /** Events of this kind are not to be sent any more. The hub leaves out those of the batch under way. */
  forget(kind: ServerEvent['kind']): void {
    const isOther = ({ event }: KeptEvent): boolean => event.kind !== kind;
    this.own = this.own.filter(isOther);
    this.earlier = this.earlier
      .map(run => ({ ...run, events: run.events.filter(isOther) }))
      .filter(({ events }) => events.length > 0);
  }

  /** The body of the batch that is next; null = there is none. */
  next(): Buffer | null {
    if (this.batch === null) {
      const [run] = this.earlier;
      this.batch = run ? take(run.boot, run.image, run.events) : take(this.boot, this.image, this.own);
      if (run) {
        this.earlier = this.earlier.filter(({ events }) => events.length > 0);
      } else {
        this.tellDropped();
      }
    }
    return this.batch?.body ?? null;
  }

  /** The batch under way is with the hub, or never will be. */
  done(): void {
    this.batch = null;
  }

  /** The oldest find no room. */
  private drop(waiting: KeptEvent[], count: number): void {
    for (const { event } of waiting.splice(0, Math.max(0, count))) {
      // One that tells of others stands for them.
      const isLost = event.kind === 'lost';
      const fromMs = (isLost ? event.sinceMs : null) ?? event.atMs;
      const { count, sinceMs } = this.dropped ?? { count: 0, sinceMs: fromMs };
      this.dropped = {
        count: count + ((isLost ? event.count : null) ?? 1),
        sinceMs: Math.min(sinceMs, fromMs)
      };
    }
  }

  private own: KeptEvent[] = [];
  private earlier: { readonly boot: string; readonly image: string | null; readonly events: KeptEvent[] }[] =
    [];
  private batch: IBatch | null = null;
  /** Number of the last event of this run. */
  private seq = 0;
  private dropped: { readonly count: number; readonly sinceMs: number } | null = null;
}

interface IBatch {
  readonly boot: string;
  readonly events: readonly KeptEvent[];
  readonly body: Buffer;
}

/** A head is no longer than this: an image's name is the longest in it. */
const HEAD_BYTES = 4096;

/** Takes the first events whose numbers follow each other. */
function take(boot: string, image: string | null, waiting: KeptEvent[]): IBatch | null {
  const [first] = waiting;
  if (!first) {
    return null;
  }
  const lines: string[] = [];
  let bytes = HEAD_BYTES;
  for (const { seq, event } of waiting.slice(0, SERVER_EVENTS)) {
    const line = `${JSON.stringify(event)}\n`;
    bytes += Buffer.byteLength(line);
    if (bytes > SERVER_EVENTS_BYTES || seq !== first.seq + lines.length) {
      break;
    }
    lines.push(line);
  }
  const events = waiting.splice(0, lines.length);
  const head: ServerEventsHead = {
    protocol: HUB_PROTOCOL,
    ...{ boot, first: first.seq, count: lines.length, image }
  };
  return { boot, events, body: Buffer.from([`${JSON.stringify(head)}\n`, ...lines].join('')) };
}
