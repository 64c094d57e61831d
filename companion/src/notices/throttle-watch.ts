import { judgeThrottle, shouldTell, ThrottleDetector } from '@labkeeper/core';
import type { Sample } from '@labkeeper/protocol';
import type { IFacts } from '../watch/evidence.js';
import type { DayLedger } from './day-ledger.js';
import type { NoticeBoard } from './notice-board.js';

/** Tells once a day per cause that a running cell is slow because of the CPU quota. */
export class ThrottleWatch {
  constructor(
    private readonly options: {
      readonly facts: IFacts;
      readonly board: NoticeBoard;
      readonly ledger: DayLedger;
      /** How long it must last. */
      readonly windowMs: number;
    }
  ) {
    this.detector = new ThrottleDetector({ windowMs: options.windowMs });
  }

  /** Looks after a full sample. */
  look(sample: Sample): void {
    const { facts, board, ledger } = this.options;
    const throttling = facts.observer.throttling();
    // Looking at every thread costs something, so only in seconds in which the quota held somebody.
    const held = throttling !== null && this.throttled !== null && throttling.throttled > this.throttled;
    this.throttled = throttling?.throttled ?? null;
    const finding = throttling
      ? this.detector.add({
          atMs: sample.atMs,
          ...throttling,
          quotaCores: sample.cpu?.quotaCores ?? null,
          kernels: facts.kernels.all.map(({ kernelId, title, state }) => ({
            kernelId,
            title,
            busy: state === 'busy',
            runnable: held && state === 'busy' ? facts.observer.runnableThreads(kernelId) : null
          }))
        })
      : null;
    if (!finding) {
      if (this.open !== null) {
        board.end(this.open);
        this.open = null;
      }
      return;
    }
    const key = `cpu-throttled.${finding.cause}`;
    if (this.open === null && shouldTell(ledger.read(), key, sample.atMs)) {
      this.open = `${key}.${sample.atMs}`;
      ledger.tell(key, sample.atMs);
      board.give({
        id: this.open,
        atMs: sample.atMs,
        verdict: judgeThrottle(finding),
        kernels: [{ kernelId: finding.kernelId, title: finding.title }],
        over: false
      });
    }
  }

  private readonly detector: ThrottleDetector;
  /** Throttled periods at the last look. */
  private throttled: number | null = null;
  private open: string | null = null;
}
