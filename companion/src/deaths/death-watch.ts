import { DeathSeries, judge, unseenPeaks } from '@labkeeper/core';
import type {
  Consequence,
  Death,
  Evidence,
  Exit,
  Intent,
  Kernel,
  kernelDied,
  kernelFate,
  kernelStartFailed,
  StartFailure
} from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import type { Params } from '../link/server-link.js';
import { gatherEvidence, type IFacts } from '../watch/evidence.js';
import type { CounterBaseline } from './counter-baseline.js';
import type { LostWorkers } from './lost-workers.js';

/** Deaths this close together may be of one shortage. */
const TOGETHER_MS = 2000;
/** When memory is read again after a death: by then the pages of the dead are given back. */
const REREAD_MS = [60, 90, 150] as const;
/** Below this share of the limit there is room again. */
const ROOM_SHARE = 0.9;
/** A better number is news when it differs by this share of what was told. */
const NEWS_SHARE = 0.01;
/** A start failure within this time of a death of the same kernel is about that death. */
const SAME_FAILURE_MS = 30_000;

/** Causes that use up a kill of the out-of-memory killer. */
const MEMORY_CAUSES: ReadonlySet<string> = new Set(['memory-limit', 'memory-elsewhere', 'container-killed']);

export interface IDeathWatchOptions {
  readonly facts: IFacts;
  readonly clock: IClock;
  readonly baseline: CounterBaseline;
  readonly lostWorkers: LostWorkers;
  /** A death, new or with news. */
  readonly seen: (death: Death) => void;
  /** All deaths that are known: the server says things again after our own restart. */
  readonly known: () => readonly Death[];
}

/** Turns what the server says about ended processes into deaths with verdicts. */
export class DeathWatch implements IDisposable {
  constructor(private readonly options: IDeathWatchOptions) {
    this.startedMs = options.clock.wallMs();
  }

  /** A kernel's process ended. The verdict leaves before this returns. */
  died(message: Params<typeof kernelDied>): void {
    const { kernel, pid, atMs, exit, intent, peakBytes } = message;
    const id = `${kernel.kernelId}.${pid}.${atMs}`;
    if (intent !== 'none') {
      this.asked.set(kernel.kernelId, this.options.clock.monotonicMs());
      return;
    }
    if (this.isKnown(id)) {
      return;
    }
    this.add(id, { kernel, atMs, exit, exitPeakBytes: peakBytes, intent, startFailure: null });
  }

  /** What the server does about it. A fate without a death is that of a kernel whose end nobody here could see. */
  fate(message: Params<typeof kernelFate>): void {
    const { kernelId, fate, startFailure } = message;
    const known = this.lastOf(kernelId);
    if (known) {
      known.death = { ...known.death, consequence: fate };
      // What comes after that is somebody's new attempt.
      known.failedAtMs = fate === 'gave-up' ? null : known.failedAtMs;
      this.judgeAgain(known, startFailure ? { startFailure } : {}, true);
      return;
    }
    const atMs = this.options.clock.wallMs();
    const earlier = this.options
      .known()
      .findLast(death => death.evidence.kernel.kernelId === kernelId && atMs - death.atMs < SAME_FAILURE_MS);
    if (earlier) {
      // An earlier companion saw it.
      this.options.seen({ ...earlier, consequence: fate });
      return;
    }
    const askedMs = this.asked.get(kernelId) ?? -Infinity;
    const wasAsked = this.options.clock.monotonicMs() - askedMs < SAME_FAILURE_MS;
    const kernel = this.options.facts.kernels.get(kernelId);
    if (kernel && fate !== 'restarted' && !wasAsked) {
      this.add(
        `${kernelId}.unseen.${atMs}`,
        { kernel, atMs, exit: { how: 'unknown' }, exitPeakBytes: null, intent: 'none', startFailure },
        fate
      );
    }
  }

  /** A kernel could not be started. */
  startFailed(message: Params<typeof kernelStartFailed>): void {
    const { kernel, atMs, exit, startFailure } = message;
    const known = this.lastOf(kernel.kernelId);
    // A process that ended is looked at by the server's restarter; without any, nobody tries again.
    const consequence = exit.how === 'unknown' ? 'gave-up' : 'pending';
    if (known) {
      known.death = { ...known.death, consequence };
      known.failedAtMs = atMs;
      known.newsMs = this.options.clock.monotonicMs();
      this.judgeAgain(known, { startFailure }, true);
      return;
    }
    const id = `${kernel.kernelId}.start.${atMs}`;
    if (!this.isKnown(id)) {
      this.add(id, { kernel, atMs, exit, exitPeakBytes: null, intent: 'none', startFailure }, consequence);
    }
  }

  /** The list of kernels changed: one that could not be started may be up after all, and then only its end counts. */
  kernelsChanged(): void {
    for (const open of this.open) {
      const { kernelId } = open.death.evidence.kernel;
      const now = open.failedAtMs === null ? null : this.options.facts.kernels.get(kernelId);
      if (now && open.failedAtMs !== null && now.stateSinceMs >= open.failedAtMs && isUp(now)) {
        open.failedAtMs = null;
        open.death = { ...open.death, consequence: 'restarted' };
        this.judgeAgain(open, { startFailure: null }, true);
      }
    }
  }

  dispose(): void {
    this.timers.forEach(timer => timer.dispose());
    this.timers.clear();
  }

  private isKnown(id: string): boolean {
    return this.options.known().some(death => death.id === id);
  }

  private add(id: string, what: IWhat, consequence: Consequence = 'pending'): void {
    const { clock, baseline, facts, lostWorkers } = this.options;
    const monotonicMs = clock.monotonicMs();
    this.forget(monotonicMs);
    // Counters first, because they move on.
    const after = facts.observer.counters(what.atMs);
    baseline.read(after, monotonicMs);
    const isShared = what.exit.how !== 'code' && baseline.unexplained > 0;
    const together = isShared ? this.open.filter(other => canShare(other, monotonicMs)) : [];
    const evidence = gatherEvidence(
      facts,
      {
        ...what,
        kernelDied: true,
        // It may have died while no companion ran: then nothing before it is known.
        before: what.atMs < this.startedMs ? null : baseline.before(together.length),
        after,
        diedTogether: together.map(other => other.death.evidence.kernel.kernelId),
        diedTogetherPeakBytes: unseenPeaks(together.map(other => other.death.evidence)),
        lostWorkers: lostWorkers.lately(what.kernel.kernelId, monotonicMs),
        series: this.series.count(what.kernel.kernelId, what.atMs)
      },
      monotonicMs
    );
    if (evidence.memoryAfter) {
      facts.recent.noteMemory(evidence.memoryAfter, monotonicMs);
    }
    const verdict = judge(evidence);
    const open: IOpen = {
      monotonicMs,
      newsMs: monotonicMs,
      isOver: false,
      failedAtMs: null,
      death: { id, atMs: what.atMs, verdict, evidence, consequence }
    };
    this.open.push(open);
    const isMemory = MEMORY_CAUSES.has(verdict.cause);
    if (isMemory) {
      baseline.explain(1);
    }
    lostWorkers.forget(what.kernel.kernelId);
    this.options.seen(open.death);
    if (isMemory) {
      for (const other of together) {
        const diedTogether = [...other.death.evidence.diedTogether, what.kernel.kernelId];
        const others = [...together.filter(each => each !== other), open].map(each => each.death.evidence);
        this.judgeAgain(other, { diedTogether, diedTogetherPeakBytes: unseenPeaks(others), after }, true);
      }
      REREAD_MS.forEach(delayMs => this.later(delayMs, () => this.readAgain(open)));
    }
  }

  /**
   * The pages of the dead are given back shortly after it is seen: what it held is then better known, and once there is
   * room and no kill waits for its explanation, this shortage is over.
   */
  private readAgain(open: IOpen): void {
    const { facts, clock, baseline } = this.options;
    const memoryAfter = facts.observer.memory(clock.wallMs());
    const { limitBytes } = facts.observer.limit();
    baseline.read(facts.observer.counters(clock.wallMs()), clock.monotonicMs());
    if (memoryAfter && limitBytes !== null && baseline.unexplained <= 0) {
      open.isOver ||= memoryAfter.unreclaimableBytes < ROOM_SHARE * limitBytes;
    }
    if (baseline.unexplained > open.death.evidence.lostWorkers.length) {
      // Another kernel was killed meanwhile, whose end is not told yet: what it gave back was not held by this one.
      return;
    }
    const told = open.death.evidence.memoryAfter;
    if (memoryAfter && told && memoryAfter.unreclaimableBytes < told.unreclaimableBytes) {
      this.judgeAgain(open, { memoryAfter }, false);
    }
  }

  private judgeAgain(open: IOpen, news: Partial<Evidence>, always: boolean): void {
    const evidence = { ...open.death.evidence, ...news };
    const verdict = judge(evidence);
    const was = open.death.verdict;
    const differs =
      verdict.cause !== was.cause ||
      verdict.confidence !== was.confidence ||
      Math.abs((verdict.heldBytes ?? 0) - (was.heldBytes ?? 0)) > NEWS_SHARE * (was.heldBytes ?? 1);
    open.death = { ...open.death, verdict, evidence };
    if (always || differs) {
      this.options.seen(open.death);
    }
  }

  private lastOf(kernelId: string): IOpen | undefined {
    this.forget(this.options.clock.monotonicMs());
    return this.open.findLast(open => open.death.evidence.kernel.kernelId === kernelId);
  }

  private forget(monotonicMs: number): void {
    this.open = this.open.filter(open => monotonicMs - open.newsMs < SAME_FAILURE_MS);
    for (const [kernelId, askedMs] of this.asked) {
      if (monotonicMs - askedMs >= SAME_FAILURE_MS) {
        this.asked.delete(kernelId);
      }
    }
  }

  private later(delayMs: number, callback: () => void): void {
    const timer = this.options.clock.after(delayMs, () => {
      this.timers.delete(timer);
      callback();
    });
    this.timers.add(timer);
  }

  private readonly startedMs: number;
  private readonly series = new DeathSeries();
  /** Deaths about which there may be news, oldest first. */
  private open: IOpen[] = [];
  /** Kernels that somebody wanted to end, and when they did. */
  private readonly asked = new Map<string, number>();
  private readonly timers = new Set<IDisposable>();
}

interface IWhat {
  readonly kernel: Kernel;
  readonly atMs: number;
  readonly exit: Exit;
  readonly exitPeakBytes: number | null;
  readonly intent: Intent;
  readonly startFailure: StartFailure | null;
}

interface IOpen {
  readonly monotonicMs: number;
  /** Whether the shortage it died in is over: the next kill is of another one. */
  isOver: boolean;
  /** When there was news of it last. */
  newsMs: number;
  /** When its successor could not be started; null = it could, as far as is known. */
  failedAtMs: number | null;
  death: Death;
}

function isUp({ state }: Kernel): boolean {
  return state === 'idle' || state === 'busy';
}

/** Whether a death can be of the same shortage as one that happens now. */
function canShare(other: IOpen, monotonicMs: number): boolean {
  return (
    !other.isOver &&
    monotonicMs - other.monotonicMs < TOGETHER_MS &&
    MEMORY_CAUSES.has(other.death.verdict.cause)
  );
}
