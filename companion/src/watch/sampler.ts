import {
  DAY_HISTORY,
  Growth,
  historyPoint,
  HistoryRing,
  inDanger,
  RECENT_HISTORY,
  schedule,
  type INextLook
} from '@labkeeper/core';
import type { Counters, History, MemoryMoment, Sample } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import type { IObserver } from '../observer.js';
import type { KernelList } from './kernel-list.js';
import type { Recent } from './recent.js';

/**
 * How old a full sample may be while memory runs towards its limit: a worker that is born, grows and is killed between
 * two samples would never have been seen, and its kernel waits for it in vain.
 */
const DANGER_FULL_MS = 200;

export interface ISamplerOptions {
  readonly clock: IClock;
  readonly observer: IObserver;
  readonly recent: Recent;
  readonly kernels: KernelList;
  /** Whether a visible page wants samples. */
  readonly watched: () => boolean;
  /** After each full sample, with the counters read right after it. */
  readonly sampled: (sample: Sample, counters: Counters, danger: boolean) => void;
  /** After each reading of memory alone. */
  readonly remembered: (memory: MemoryMoment, danger: boolean) => void;
}

/** Looks at the container as often as `core` says, for as long as it lives. */
export class Sampler implements IDisposable {
  constructor(private readonly options: ISamplerOptions) {}

  /** Begins, with a full sample. */
  start(): void {
    this.look('full');
  }

  /**
   * Something changed that decides when to look: a page came, a kernel became busy. The next look comes earlier or stays
   * where it is: put off each time, it would never come beside a kernel that changes its state all the time.
   */
  wake(): void {
    if (this.timer) {
      const next = this.next();
      if (this.options.clock.monotonicMs() + next.delayMs < this.dueAtMs) {
        this.timer.dispose();
        this.plan(next);
      }
    }
  }

  history(): { recent: History; day: History } {
    return { recent: this.ring.read(), day: this.day.read() };
  }

  dispose(): void {
    this.timer?.dispose();
    this.timer = null;
    this.disposed = true;
  }

  private look(kind: 'full' | 'memory'): void {
    const { clock, observer, recent } = this.options;
    const nowMs = clock.wallMs();
    const monotonicMs = clock.monotonicMs();
    this.limitBytes = observer.limit().limitBytes;
    if (kind === 'full') {
      const sample = observer.sample(nowMs);
      const counters = observer.counters(nowMs);
      this.fullAtMs = monotonicMs;
      recent.noteSample(sample, monotonicMs);
      this.grow(sample.memory?.unreclaimableBytes ?? null, monotonicMs);
      this.remember(sample);
      this.options.sampled(sample, counters, this.danger());
    } else {
      const memory = observer.memory(nowMs);
      if (memory) {
        recent.noteMemory(memory, monotonicMs);
        this.grow(memory.unreclaimableBytes, monotonicMs);
        this.options.remembered(memory, this.danger());
      }
      if (!this.disposed && this.runsOut() && monotonicMs - this.fullAtMs >= DANGER_FULL_MS) {
        this.look('full');
        return;
      }
    }
    // A handler of the sample may have ended us.
    if (!this.disposed) {
      this.plan(this.next());
    }
  }

  private plan(next: INextLook): void {
    const { clock } = this.options;
    this.dueAtMs = clock.monotonicMs() + next.delayMs;
    this.timer = clock.after(next.delayMs, () => this.look(next.kind));
  }

  private next(): INextLook {
    const { clock, kernels } = this.options;
    return schedule({
      ...this.pressure(),
      watched: this.options.watched(),
      busy: kernels.busy.length > 0,
      sinceFullMs: clock.monotonicMs() - this.fullAtMs
    });
  }

  private danger(): boolean {
    return inDanger(this.pressure());
  }

  private runsOut(): boolean {
    return this.growth.bytesPerSecond > 0 && this.danger();
  }

  private pressure(): { share: number | null; growthBytesPerSecond: number; headroomBytes: number | null } {
    const { limitBytes } = this;
    const unreclaimableBytes = this.options.recent.memory?.unreclaimableBytes ?? null;
    const known = limitBytes !== null && limitBytes > 0 && unreclaimableBytes !== null;
    return {
      share: known ? unreclaimableBytes / limitBytes : null,
      headroomBytes: known ? Math.max(0, limitBytes - unreclaimableBytes) : null,
      growthBytesPerSecond: this.growth.bytesPerSecond
    };
  }

  private grow(bytes: number | null, monotonicMs: number): void {
    if (bytes !== null) {
      this.growth.add(monotonicMs, bytes);
    }
  }

  private remember(sample: Sample): void {
    const point = historyPoint(sample);
    this.ring.add(point);
    this.day.add(point);
  }

  private readonly growth = new Growth();
  private readonly ring = new HistoryRing(RECENT_HISTORY);
  private readonly day = new HistoryRing(DAY_HISTORY);
  private timer: IDisposable | null = null;
  private dueAtMs = 0;
  /** As it was at the last look: it is asked for several times then, and each time costs a read. */
  private limitBytes: number | null = null;
  private fullAtMs = 0;
  private disposed = false;
}
