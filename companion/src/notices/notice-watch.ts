import type { Counters, Notice, Sample } from '@labkeeper/protocol';
import type { CounterBaseline } from '../deaths/counter-baseline.js';
import type { LostWorkers } from '../deaths/lost-workers.js';
import type { IFacts } from '../watch/evidence.js';
import type { DayLedger } from './day-ledger.js';
import { LostWorkerWatch } from './lost-worker-watch.js';
import { NoticeBoard } from './notice-board.js';
import { ShortageWatch } from './shortage-watch.js';
import { ThrottleWatch } from './throttle-watch.js';

/** All that is told about living kernels. */
export class NoticeWatch {
  constructor(options: {
    readonly facts: IFacts;
    readonly baseline: CounterBaseline;
    readonly lostWorkers: LostWorkers;
    readonly ledger: DayLedger;
    readonly throttleMs: number;
    /** Off: nothing is told; kills are still explained, because deaths need that. May change at any time. */
    readonly enabled: () => boolean;
    readonly given: (notice: Notice) => void;
  }) {
    const { facts, ledger, enabled } = options;
    this.board = new NoticeBoard(notice => enabled() && options.given(notice));
    this.workers = new LostWorkerWatch({ ...options, board: this.board });
    this.shortages = new ShortageWatch({ facts, ledger, board: this.board });
    this.throttle = new ThrottleWatch({ facts, ledger, board: this.board, windowMs: options.throttleMs });
    this.enabled = enabled;
  }

  get all(): readonly Notice[] {
    return this.enabled() ? this.board.all : [];
  }

  /** Looks after a full sample. */
  look(sample: Sample, counters: Counters, monotonicMs: number): void {
    this.workers.look(counters, sample.atMs, monotonicMs);
    if (this.enabled()) {
      this.shortages.look(sample, counters, monotonicMs);
      this.throttle.look(sample);
    }
  }

  /** A kernel died. */
  died(kernelId: string): void {
    this.workers.died(kernelId);
  }

  private readonly board: NoticeBoard;
  private readonly workers: LostWorkerWatch;
  private readonly shortages: ShortageWatch;
  private readonly throttle: ThrottleWatch;
  private readonly enabled: () => boolean;
}
