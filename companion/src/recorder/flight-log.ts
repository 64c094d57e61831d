import { flightSummary, type FlightRecord } from '@labkeeper/core';
import type { MemoryMoment } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import type { IFacts } from '../watch/evidence.js';

/** While calm: a sign of life this often. */
export const HEARTBEAT_MS = 10_000;
/** While calm: everything this often, and when kernels come, go or change, as far as the bytes below allow. */
export const SUMMARY_MS = 60_000;
/** A kernel changed when its memory did by this share of the limit: a sudden death would be told of another one. */
const KERNEL_SHARE = 0.05;
/**
 * While calm: what summaries may take of the 4 KiB per minute that all records may. Unused bytes are saved up to the
 * second figure, for kernels that come and go; a long summary is followed by a longer pause.
 */
const SUMMARY_BYTES_PER_MINUTE = 1700;
const SUMMARY_BYTES_SAVED = 1500;
/** In danger: memory is written again when it changed by this share of the limit, or after a second. */
const CHANGE_SHARE = 0.005;
const UNCHANGED_MS = 1000;

/** Where records go. */
export interface IRecordSink {
  /** Takes a record; @returns its size in bytes. */
  note(record: FlightRecord, sync: boolean): number;
}

/** Decides what the flight recorder writes: little while calm, every reading that says something while in danger. */
export class FlightLog implements IDisposable {
  constructor(
    private readonly options: {
      readonly facts: IFacts;
      readonly clock: IClock;
      readonly sink: IRecordSink;
    }
  ) {}

  /** Begins to give signs of life. */
  start(): void {
    this.timer = this.options.clock.after(HEARTBEAT_MS, () => {
      if (this.options.clock.monotonicMs() - this.writtenAtMs >= HEARTBEAT_MS / 2) {
        this.heartbeat(this.options.facts.recent.memory?.unreclaimableBytes ?? null, false);
      }
      this.start();
    });
  }

  /** After each full sample. */
  sampled(danger: boolean): void {
    const monotonicMs = this.options.clock.monotonicMs();
    const refillMs = this.sampledAtMs === null ? 0 : monotonicMs - this.sampledAtMs;
    this.sampledAtMs = monotonicMs;
    this.savedBytes = Math.min(
      SUMMARY_BYTES_SAVED,
      this.savedBytes + (refillMs / 60_000) * SUMMARY_BYTES_PER_MINUTE
    );
    if (danger) {
      this.summary(true);
    } else if (
      this.savedBytes > 0 &&
      (monotonicMs - this.summaryAtMs >= SUMMARY_MS ||
        this.kernelIds() !== this.summaryKernels ||
        this.kernelsChanged())
    ) {
      this.savedBytes -= this.summary(false);
    }
    this.danger = danger;
  }

  /** After each reading of memory alone. */
  remembered(memory: MemoryMoment, danger: boolean): void {
    if (danger && (!this.danger || this.busyIds() !== this.summaryBusy)) {
      // The last sample is up to two seconds old; who held what is the most important thing to have written.
      this.summary(true);
    } else if (danger && this.isNews(memory)) {
      this.heartbeat(memory.unreclaimableBytes, true);
    }
    this.danger = danger;
  }

  /** A death that was explained while the container lived. */
  died(kernelId: string, atMs: number): void {
    this.options.sink.note({ kind: 'death', atMs, kernelId }, true);
  }

  /** The server stops on purpose, or the container is asked to: there will be nothing to explain. */
  stopped(): void {
    this.options.sink.note({ kind: 'clean-stop', atMs: this.options.clock.wallMs() }, true);
  }

  /** Everything that is known now goes to the disk, because it may be the last. */
  last(): void {
    this.summary(true);
  }

  dispose(): void {
    this.timer?.dispose();
  }

  private isNews(memory: MemoryMoment): boolean {
    const { limitBytes } = this.options.facts.observer.limit();
    const changed = Math.abs(memory.unreclaimableBytes - this.writtenBytes);
    return (
      this.options.clock.monotonicMs() - this.writtenAtMs >= UNCHANGED_MS ||
      (limitBytes !== null && changed >= CHANGE_SHARE * limitBytes)
    );
  }

  private heartbeat(unreclaimableBytes: number | null, sync: boolean): void {
    this.wrote(unreclaimableBytes);
    this.options.sink.note(
      { kind: 'heartbeat', atMs: this.options.clock.wallMs(), unreclaimableBytes },
      sync
    );
  }

  private summary(sync: boolean): number {
    const { observer, recent, kernels } = this.options.facts;
    const nowMs = this.options.clock.wallMs();
    // Where memory is short, looking at all kernels can take a second, and what filled it comes in that second.
    const memory = (sync ? observer.memory(nowMs) : null) ?? recent.memory;
    this.wrote(memory?.unreclaimableBytes ?? null);
    this.summaryAtMs = this.writtenAtMs;
    this.summaryKernels = this.kernelIds();
    this.summaryBusy = this.busyIds();
    this.summaryBytes = this.kernelBytes();
    return this.options.sink.note(
      flightSummary({
        atMs: nowMs,
        memory,
        ...observer.limit(),
        machine: observer.machineMemory(),
        peakBytes: recent.sample?.memory?.peakBytes ?? null,
        kernels: kernels.all,
        usage: recent.sample?.kernels ?? [],
        usageUnreclaimableBytes: recent.sample?.memory?.unreclaimableBytes ?? null
      }),
      sync
    );
  }

  private kernelIds(): string {
    return this.options.facts.kernels.all.map(kernel => kernel.kernelId).join(' ');
  }

  private busyIds(): string {
    return this.options.facts.kernels.busy.map(kernel => kernel.kernelId).join(' ');
  }

  private kernelBytes(): ReadonlyMap<string, number> {
    const usage = this.options.facts.recent.sample?.kernels ?? [];
    return new Map(usage.map(({ kernelId, memoryBytes }) => [kernelId, memoryBytes]));
  }

  private kernelsChanged(): boolean {
    const limitBytes = this.options.facts.recent.sample?.memory?.limitBytes ?? null;
    return (
      limitBytes !== null &&
      [...this.kernelBytes()].some(
        ([kernelId, bytes]) =>
          Math.abs(bytes - (this.summaryBytes.get(kernelId) ?? 0)) >= KERNEL_SHARE * limitBytes
      )
    );
  }

  private wrote(bytes: number | null): void {
    this.writtenAtMs = this.options.clock.monotonicMs();
    this.writtenBytes = bytes ?? 0;
  }

  private timer: IDisposable | null = null;
  private danger = false;
  private sampledAtMs: number | null = null;
  private savedBytes = SUMMARY_BYTES_SAVED;
  private summaryAtMs = -Infinity;
  private summaryKernels = '';
  private summaryBusy = '';
  private summaryBytes: ReadonlyMap<string, number> = new Map();
  private writtenAtMs = 0;
  private writtenBytes = 0;
}
