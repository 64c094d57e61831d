import type { LostWorker } from '@labkeeper/protocol';
import type { TrackedProcess } from './tracked-process.js';

/** Lost workers are kept for the next question, the newest of them. */
const MAX_LOST = 32;
/** Shortest interval from which a rate is taken: ticks are 10 ms long. */
const SHORTEST_MS = 200;

/** One kernel process and everything it started. */
export class KernelTree {
  /** Members by the last look, the kernel itself among them. */
  readonly members = new Set<TrackedProcess>();
  /** False once the kernel's own process ended. */
  alive = true;
  /** Memory attributed at the last sample, and the highest. */
  memoryBytes = 0;
  peakBytes = 0;
  cpuCores = 0;
  threads = 0;
  processes = 0;

  constructor(
    readonly kernelId: string,
    /** The kernel's process. */
    readonly pid: number
  ) {}

  /** Notes the memory attributed to this tree. */
  setMemory(bytes: number): void {
    this.memoryBytes = bytes;
    this.peakBytes = Math.max(this.peakBytes, bytes);
  }

  /** A member vanished. Kept only while the kernel lives: workers that die with it are no news. */
  lose(process: TrackedProcess): void {
    this.members.delete(process);
    if (process.pid === this.pid) {
      this.alive = false;
      this.lost.length = 0;
    } else if (this.alive) {
      const memoryBytes = Math.max(process.anonBytes, process.anonBytesBefore);
      this.lost.push({ pid: process.pid, name: process.name, memoryBytes });
      if (this.lost.length > MAX_LOST) {
        this.lost.shift();
      }
    }
  }

  /** Members lost since the last call, newest last. */
  takeLost(): LostWorker[] {
    return this.alive ? this.lost.splice(0) : [];
  }

  /** Begins a measurement. */
  begin(): void {
    this.ticks = 0;
    this.grown = 0;
    this.threads = 0;
    this.processes = 0;
  }

  /**
   * Adds a living member.
   *
   * @param grownTicks - CPU time of its own since the last measurement.
   */
  add(process: TrackedProcess, grownTicks: number): void {
    this.ticks += process.selfTicks + process.childTicks;
    this.grown += grownTicks;
    this.threads += process.threads;
    this.processes += 1;
  }

  /**
   * Ends a measurement: CPU in cores since the last one.
   *
   * The sum of own and children's time grows by what short-lived workers used too, since a waited-for child's time
   * moves to its parent; it falls when a member ends unwaited, then what the living ones used is the least.
   */
  finish(monotonicMs: number, ticksPerSecond: number): void {
    const passedMs = monotonicMs - this.atMs;
    if (this.atMs === -Infinity) {
      this.atMs = monotonicMs;
      this.lastTicks = this.ticks;
      this.carried = 0;
      return;
    }
    this.carried += this.grown;
    if (passedMs < SHORTEST_MS) {
      return;
    }
    const ticks = Math.max(this.ticks - this.lastTicks, this.carried, 0);
    this.cpuCores = ticks / ticksPerSecond / (passedMs / 1000);
    this.atMs = monotonicMs;
    this.lastTicks = this.ticks;
    this.carried = 0;
  }

  private readonly lost: LostWorker[] = [];
  private ticks = 0;
  private grown = 0;
  private carried = 0;
  private lastTicks = 0;
  private atMs = -Infinity;
}
