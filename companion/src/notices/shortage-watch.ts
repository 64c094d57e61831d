import { isFull, isShmFull, judge, shouldTell } from '@labkeeper/core';
import type { Cause, Counters, DiskUsage, Kernel, Sample } from '@labkeeper/protocol';
import type { IFacts } from '../watch/evidence.js';
import type { DayLedger } from './day-ledger.js';
import { type ILook, livingEvidence } from './living-evidence.js';
import type { NoticeBoard } from './notice-board.js';

/** A home folder is no longer full from this much free space on: far enough from the 256 KiB that make it full. */
const HOME_FREE_BYTES = 1024 * 1024;
/** `/dev/shm` is no longer full below this share. */
const SHM_FREE_SHARE = 0.9;
/** Starts of processes are no longer refused when none was for this long. */
const REFUSED_MS = 60_000;

type Shortage = Extract<Cause, 'too-many-processes' | 'disk-full' | 'shm-full'>;

/**
 * Notices about what ran out while everything lives: processes, home, `/dev/shm`. Each kernel is told once a day: whom
 * it is news for has not seen what another notebook's user, or she herself in another notebook, was told.
 */
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
    const look = { before: this.counters ?? counters, counters, atMs: sample.atMs, monotonicMs };
    this.counters = counters;
    this.lookAtProcesses(look);
    this.follow('disk-full', isFull(sample.home), hasRoom(sample.home), look);
    this.follow('shm-full', isShmFull(sample.shm), hasShmRoom(sample.shm), look);
  }

  /** Refusals are moments, so another kernel's is news while those of the first still count. */
  private lookAtProcesses(look: ILook): void {
    const { before, counters, monotonicMs } = look;
    const refused =
      counters.pidsRefused !== null &&
      before.pidsRefused !== null &&
      counters.pidsRefused > before.pidsRefused;
    if (refused) {
      this.refusedAtMs = monotonicMs;
      this.tell('too-many-processes', look);
    } else if (this.refusedAtMs !== null && monotonicMs - this.refusedAtMs >= REFUSED_MS) {
      this.refusedAtMs = null;
      this.end('too-many-processes');
    }
  }

  /** A state that begins and ends. While it holds, another kernel that runs into it is told too. */
  private follow(cause: Shortage, begins: boolean, ends: boolean, look: ILook): void {
    if (begins) {
      this.tell(cause, look);
    } else if (ends && this.open.has(cause)) {
      this.end(cause);
    }
  }

  private tell(cause: Shortage, look: ILook): void {
    const { board, facts, ledger } = this.options;
    const { atMs } = look;
    const kernel = this.concerned(cause);
    const key = `${cause}.${kernel?.kernelId ?? ''}`;
    if (!kernel || !shouldTell(ledger.read(), key, atMs)) {
      return;
    }
    const verdict = judge(livingEvidence(facts, kernel, look));
    if (verdict.cause === cause) {
      const id = `${key}.${atMs}`;
      this.open.set(cause, [...(this.open.get(cause) ?? []), id]);
      ledger.tell(key, atMs);
      const { kernelId, title } = kernel;
      board.give({ id, atMs, verdict, kernels: [{ kernelId, title }], over: false });
    }
  }

  private end(cause: Shortage): void {
    const ids = this.open.get(cause) ?? [];
    this.open.delete(cause);
    ids.forEach(id => this.options.board.end(id));
  }

  /** The kernel that a shortage is most likely about: of the busy ones, the one with most of it. */
  private concerned(cause: Shortage): Kernel | null {
    const { kernels, recent } = this.options.facts;
    const measure = (kernel: Kernel): number => {
      const usage = recent.usageOf(kernel.kernelId);
      return (cause === 'too-many-processes' ? usage?.threads : usage?.memoryBytes) ?? 0;
    };
    // That a disk is still full is news for nobody who waits. A refused start often ends the cell before we look.
    const onlyBusy = kernels.busy.length > 0 || (cause !== 'too-many-processes' && this.open.has(cause));
    const candidates = onlyBusy ? kernels.busy : kernels.all;
    return (
      [...candidates].filter(kernel => kernel.pid !== null).sort((a, b) => measure(b) - measure(a))[0] ?? null
    );
  }

  private counters: Counters | null = null;
  private refusedAtMs: number | null = null;
  /** Notices that hold, by cause. */
  private readonly open = new Map<Shortage, readonly string[]>();
}

function hasRoom(disk: DiskUsage | null): boolean {
  return disk === null || disk.freeBytes >= HOME_FREE_BYTES;
}

function hasShmRoom(shm: DiskUsage | null): boolean {
  return shm === null || shm.usedBytes < SHM_FREE_SHARE * shm.sizeBytes;
}
