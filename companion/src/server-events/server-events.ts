import { countedError, deathEvent, eventId, MemoryHigh } from '@labkeeper/core';
import type { Death, EventsWanted, Kernel, Notice, Sample, ServerEvent } from '@labkeeper/protocol';
import { createHash } from 'node:crypto';
import type { IClock, IDisposable } from '../clock.js';
import type { EventQueue } from './event-queue.js';
import { Tallies } from './tallies.js';

/** A death is told after this, ms: by then its verdict is the last one, and what came of it is known. */
const SETTLE_MS = 5000;
/** Kernels that lived are told this often, and saves, ms. */
const TALLY_MS = 900_000;
/** What earlier containers left is explained by then, ms after the start. */
const FIRST_MS = 60_000;
/** Older deaths are not told again after a restart, ms. */
const OLD_MS = 7 * 86_400_000;
/** Ends that somebody wanted. */
const NO_DEATH: ReadonlySet<string> = new Set(['asked-for', 'container-stopped']);

export interface IServerEventsOptions {
  readonly queue: EventQueue;
  /** Something is in the queue, or no longer is. */
  readonly added: () => void;
  /** Takes counts that are whole and gives them to the queue; default: `queue.add`. */
  readonly sum?: (events: readonly ServerEvent[]) => void;
  /** What was counted is in the queue, or nobody wants it. */
  readonly summed?: () => void;
  /** Nobody wants errors. */
  readonly noErrors?: () => void;
  readonly clock: IClock;
  /** The companion's run. */
  readonly boot: string;
  /** Deaths that are known, of earlier containers too; none where they are switched off. */
  readonly deaths: () => readonly Death[];
  /** Records of installs that the hub does not have. */
  readonly unsentRecords: () => number;
}

/** What a save says of itself. */
export interface ISaveWitness {
  /** A change of a run came into the journal. */
  changed(run: string): void;
  saved(run: string): void;
  /** The journal could not take a change. */
  refused(): void;
  closed(run: string): void;
}

/**
 * Makes events of what happens on this server, for the hub: deaths, throttling, memory that stays full, saves, and where
 * policy asks for it errors. Numbers and words of our own; no name that somebody gave leaves by here.
 */
export class ServerEvents implements IDisposable {
  constructor(private readonly options: IServerEventsOptions) {
    this.tallies = new Tallies({ ...options, sha256 });
  }

  /** What becomes of saves. */
  readonly saves: ISaveWitness = {
    changed: run => this.tallies.saves.changed(run, this.options.clock.monotonicMs()),
    saved: run => this.tallies.saves.saved(run, this.options.clock.monotonicMs()),
    refused: () => this.tallies.saves.refused(),
    closed: run => this.tallies.saves.closed(run)
  };

  start(): void {
    this.plan(FIRST_MS, () => this.regular());
  }

  /** What the hub takes; it takes nothing until it has said so. */
  want(wanted: EventsWanted): void {
    this.wanted = wanted;
    this.isSaid = true;
    this.obey();
    this.died();
    // What waits may go now, and what nobody takes need not be kept.
    this.options.added();
  }

  /** What waits and the hub does not take goes; nothing does until it has said so. */
  obey(): void {
    const { queue, summed, noErrors } = this.options;
    if (this.isSaid && !this.wanted.send) {
      queue.clear();
      summed?.();
    }
    if (this.isSaid && !this.wanted.errors) {
      this.tallies.errors.begin();
      queue.forget('errors');
      noErrors?.();
    }
  }

  /** Whether the hub takes events; null = it has not said so. */
  get isWanted(): boolean | null {
    return this.isSaid ? this.wanted.send : null;
  }

  /** What is counted and not told yet; nothing where nobody takes it. */
  counted(): readonly ServerEvent[] {
    return this.wanted.send ? this.tallies.look() : [];
  }

  /** A death was seen, or there is news of one. */
  died(): void {
    this.settling ??= this.plan(SETTLE_MS, () => {
      this.settling = null;
      this.tellDeaths();
    });
  }

  /** A notice was given, or its news. */
  noticed({ id, atMs, verdict, over }: Notice): void {
    if (verdict.cause === 'cpu-throttled' && !over) {
      const proof = verdict.proofs.find(each => each.kind === 'throttled');
      const minutes = Math.round((proof?.forMs ?? 0) / 60_000);
      const share = proof ? Math.min(1, Math.max(0, proof.share)) : null;
      this.tell({ kind: 'throttled', id: eventId(sha256, id), atMs, minutes, share });
    }
  }

  sampled({ atMs, memory }: Sample): void {
    const limitBytes = memory?.limitBytes ?? null;
    if (memory && limitBytes !== null) {
      const { unreclaimableBytes } = memory;
      if (this.memory.look(unreclaimableBytes, limitBytes, this.options.clock.monotonicMs())) {
        this.highs += 1;
        const id = eventId(sha256, `${this.options.boot} memory-high ${this.highs}`);
        this.tell({ kind: 'memory-high', id, atMs, unreclaimableBytes, limitBytes });
      }
    }
  }

  /** The kernels of this server, whole. */
  kernels(kernels: readonly Kernel[]): void {
    this.tallies.kernels.set(
      kernels.map(({ kernelId }) => kernelId),
      this.options.clock.monotonicMs()
    );
  }

  /** An error ended a cell: `ename` and `evalue` of the kernel's message. */
  erred(name: unknown, value: unknown): void {
    const error = this.wanted.errors ? countedError(name, value) : null;
    if (error) {
      this.tallies.errors.add(error);
    }
  }

  /** Makes events of everything that was counted so far. */
  regular(): void {
    this.plan(TALLY_MS, () => this.regular());
    this.sum();
    this.options.summed?.();
  }

  /** The last word: deaths that have not settled, and what was counted. */
  sum(): void {
    this.tellDeaths();
    const counted = this.counted();
    this.tallies.begin();
    if (counted.length > 0) {
      const { queue, sum, added } = this.options;
      if (sum) {
        sum(counted);
      } else {
        counted.forEach(event => queue.add(event));
      }
      added();
    }
  }

  dispose(): void {
    this.timers.forEach(timer => timer.dispose());
    this.timers.clear();
  }

  private tellDeaths(): void {
    const { deaths, clock } = this.options;
    for (const death of this.wanted.send ? deaths() : []) {
      const isOld = clock.wallMs() - death.atMs > OLD_MS;
      if (!this.told.has(death.id) && !isOld && !NO_DEATH.has(death.verdict.cause)) {
        this.told.add(death.id);
        this.tell(deathEvent(sha256, death));
      }
    }
  }

  private tell(event: ServerEvent): void {
    if (this.wanted.send) {
      this.options.queue.add(event);
      this.options.added();
    }
  }

  private plan(ms: number, callback: () => void): IDisposable {
    const timer = this.options.clock.after(ms, () => {
      this.timers.delete(timer);
      callback();
    });
    this.timers.add(timer);
    return timer;
  }

  private wanted: EventsWanted = { send: false, errors: false };
  private isSaid = false;
  private readonly tallies: Tallies;
  private readonly memory = new MemoryHigh();
  private readonly told = new Set<string>();
  private readonly timers = new Set<IDisposable>();
  private settling: IDisposable | null = null;
  private highs = 0;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
