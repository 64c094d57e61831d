import { isFull, isShmFull, judge, shouldTell } from '@labkeeper/core';
import type { Cause, Counters, DiskUsage, Kernel, Sample } from '@labkeeper/protocol';
import { gatherEvidence, type IFacts } from '../watch/evidence.js';
import type { NoticeBoard } from './notice-board.js';
import type { DayLedger } from './day-ledger.js';

/** A home folder is no longer full from this much free space on: far enough from the 64 KiB that make it full. */
const HOME_FREE_BYTES = 1024 * 1024;
/** `/dev/shm` is no longer full below this share. */
const SHM_FREE_SHARE = 0.9;
/** Starts of processes are no longer refused when none was for this long. */
const REFUSED_MS = 60_000;

type Shortage = Extract<Cause, 'too-many-processes' | 'disk-full' | 'shm-full'>;

/** Notices about what ran out while everything lives: processes, home, `/dev/shm`. Each is told once a day. */
export class ShortageWatch {
  constructor(
    private readonly options: {
      readonly facts: IFacts;
      readonly board: NoticeBoard;
      readonly ledger: DayLedger;
    }
  ) {}

  /** Looks after a full sample. */
  look(sample: Sample, counters: Counters, monotonicMs: number): void {
    const before = this.counters ?? counters;
    this.counters = counters;
    const refused =
      counters.pidsRefused !== null &&
      before.pidsRefused !== null &&
      counters.pidsRefused > before.pidsRefused;
    if (refused) {
      this.refusedAtMs = monotonicMs;
    }
    const pidsOver = this.refusedAtMs === null || monotonicMs - this.refusedAtMs >= REFUSED_MS;
    this.decide('too-many-processes', refused, pidsOver, before, counters, sample.atMs, monotonicMs);
    this.decide(
      'disk-full',
      isFull(sample.home),
      hasRoom(sample.home),
      before,
      counters,
      sample.atMs,
      monotonicMs
    );
    this.decide(
      'shm-full',
      isShmFull(sample.shm),
      hasShmRoom(sample.shm),
      before,
      counters,
      sample.atMs,
      monotonicMs
    );
  }

  private decide(
    cause: Shortage,
    begins: boolean,
    ends: boolean,
    before: Counters,
    counters: Counters,
    atMs: number,
    monotonicMs: number
  ): void {
    const { board, facts, ledger } = this.options;
    const id = this.open.get(cause);
    if (id !== undefined) {
      if (ends) {
        this.open.delete(cause);
        board.end(id);
      }
      return;
    }
    const kernel = begins && shouldTell(ledger.read(), cause, atMs) ? this.concerned(cause) : null;
    if (!kernel) {
      return;
    }
    const evidence = gatherEvidence(
      facts,
      {
        kernel,
        kernelDied: false,
        atMs,
        exit: { how: 'unknown' },
        intent: 'none',
        startFailure: null,
        before,
        after: counters,
        diedTogether: [],
        lostWorkers: [],
        series: 1
      },
      monotonicMs
    );
    const verdict = judge(evidence);
    if (verdict.cause === cause) {
      const noticeId = `${cause}.${atMs}`;
      this.open.set(cause, noticeId);
      ledger.tell(cause, atMs);
      board.give({
        id: noticeId,
        atMs,
        verdict,
        kernels: [{ kernelId: kernel.kernelId, title: kernel.title }],
        over: false
      });
    }
  }

  /** The kernel that a shortage is most likely about: of the busy ones, the one with most of it. */
  private concerned(cause: Shortage): Kernel | null {
    const { kernels, recent } = this.options.facts;
    const measure = (kernel: Kernel): number => {
      const usage = recent.usageOf(kernel.kernelId);
      return (cause === 'too-many-processes' ? usage?.threads : usage?.memoryBytes) ?? 0;
    };
    const candidates = kernels.busy.length > 0 ? kernels.busy : kernels.all;
    return (
      [...candidates].filter(kernel => kernel.pid !== null).sort((a, b) => measure(b) - measure(a))[0] ?? null
    );
  }

  private counters: Counters | null = null;
  private refusedAtMs: number | null = null;
  private readonly open = new Map<Shortage, string>();
}

function hasRoom(disk: DiskUsage | null): boolean {
  return disk === null || disk.freeBytes >= HOME_FREE_BYTES;
}

function hasShmRoom(shm: DiskUsage | null): boolean {
  return shm === null || shm.usedBytes < SHM_FREE_SHARE * shm.sizeBytes;
}
