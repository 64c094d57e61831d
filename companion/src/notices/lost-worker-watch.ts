import { judge } from '@labkeeper/core';
import type { Counters } from '@labkeeper/protocol';
import type { CounterBaseline } from '../deaths/counter-baseline.js';
import type { LostWorkers } from '../deaths/lost-workers.js';
import type { IFacts } from '../watch/evidence.js';
import { livingEvidence } from './living-evidence.js';
import type { NoticeBoard } from './notice-board.js';

/** So long a death of a kernel may take to explain a kill. */
const WAIT_MS = 1500;
/** A kill that nothing explained until then was of a process that is not a kernel's. */
const GIVE_UP_MS = 5000;

/** Notices that a kill hit no kernel but a process below one: the kernel lives on and may wait for ever. */
export class LostWorkerWatch {
  constructor(
    private readonly options: {
      readonly facts: IFacts;
      readonly baseline: CounterBaseline;
      readonly lostWorkers: LostWorkers;
      readonly board: NoticeBoard;
    }
  ) {}

  /** Looks after a full sample whose counters the baseline has read. */
  look(counters: Counters, atMs: number, monotonicMs: number): void {
    const { baseline, board, facts } = this.options;
    for (const [kernelId, noticeId] of this.waiting) {
      // It came to an end by itself, was interrupted, or is gone.
      if (facts.kernels.get(kernelId)?.state !== 'busy') {
        this.waiting.delete(kernelId);
        board.end(noticeId);
      }
    }
    const { unexplained } = baseline;
    if (unexplained > this.unexplained) {
      this.newestMs = monotonicMs;
    }
    this.unexplained = unexplained;
    if (unexplained <= 0) {
      this.sinceMs = null;
      return;
    }
    this.sinceMs ??= monotonicMs;
    const forMs = monotonicMs - this.sinceMs;
    if (forMs >= WAIT_MS) {
      this.explain(counters, atMs, monotonicMs);
    }
    if (monotonicMs - this.newestMs >= GIVE_UP_MS) {
      baseline.explain(baseline.unexplained);
    }
    this.unexplained = baseline.unexplained;
  }

  /** A kernel died itself: what it waited for is no news any more. */
  died(kernelId: string): void {
    const noticeId = this.waiting.get(kernelId);
    if (noticeId !== undefined) {
      this.waiting.delete(kernelId);
      this.options.board.end(noticeId);
    }
  }

  private explain(counters: Counters, atMs: number, monotonicMs: number): void {
    const { baseline, board, facts, lostWorkers } = this.options;
    const before = baseline.before();
    const victims = lostWorkers.biggest(baseline.unexplained, monotonicMs);
    for (const kernelId of new Set(victims.map(victim => victim.kernelId))) {
      const own = victims.filter(victim => victim.kernelId === kernelId).map(victim => victim.worker);
      const kernel = facts.kernels.get(kernelId);
      if (kernel?.state === 'busy') {
        const look = { before, counters, atMs, monotonicMs };
        const verdict = judge(livingEvidence(facts, kernel, look, own));
        if (verdict.cause === 'worker-killed') {
          const id = this.waiting.get(kernelId) ?? `worker-killed.${kernelId}.${atMs}`;
          this.waiting.set(kernelId, id);
          board.give({ id, atMs, verdict, kernels: [{ kernelId, title: kernel.title }], over: false });
        }
      }
      baseline.explain(own.length);
      lostWorkers.forget(kernelId);
    }
  }

  /** Since when there are kills without an explanation, how many there were at the last look, and the newest. */
  private sinceMs: number | null = null;
  private unexplained = 0;
  private newestMs = 0;
  /** Notices of kernels that may wait, by kernel. */
  private readonly waiting = new Map<string, string>();
}
