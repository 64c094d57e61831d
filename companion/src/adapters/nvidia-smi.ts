import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { GpuUsage } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../log.js';
import { NVIDIA_FIELDS, parseNvidiaRow } from './nvidia-csv.js';

/** The driver's own sample is at most 1 s long (nvmlUtilization_t): more often would say nothing more. */
const LOOP_MS = 2000;
/** A row that was not renewed for this long is no longer shown. */
const STALE_MS = 5 * LOOP_MS;
/** First and longest wait before a child that died is started again. */
const FIRST_WAIT_MS = 5000;
const LONGEST_WAIT_MS = 300_000;
/** A line longer than this is not one. */
const LONGEST_LINE = 16_384;

/** Where nvidia-smi lies when it is not on the PATH: the driver containers mount it there. */
const OTHER_FOLDERS = ['/usr/bin', '/usr/local/nvidia/bin', '/usr/lib/wsl/lib'];

/** Looks for an executable `nvidia-smi`; null = this machine has none. */
export function findNvidiaSmi(path: string | undefined): string | null {
  for (const folder of [...(path ?? '').split(delimiter), ...OTHER_FOLDERS]) {
    const candidate = join(folder, 'nvidia-smi');
    try {
      if (folder !== '') {
        accessSync(candidate, constants.X_OK);
        return candidate;
      }
    } catch {
      // Not here: the next folder.
    }
  }
  return null;
}

/**
 * One `nvidia-smi` that prints a row per GPU every two seconds for as long as the companion lives. A child that
 * dies is started again, each time later, up to every five minutes; Node reaps it. Should the companion be
 * killed, the child ends at its next line, which nobody reads.
 */
export class NvidiaSmi {
  /**
   * @param binary - the program.
   * @param clock - for the waits.
   */
  constructor(
    private readonly binary: string,
    private readonly clock: IClock
  ) {
    this.start();
  }

  /** What it last said instead of rows; null = it says rows. */
  get reason(): string | null {
    return this.failure;
  }

  /** The newest row of each GPU, by index. */
  rows(): readonly GpuUsage[] {
    const oldestMs = this.clock.monotonicMs() - STALE_MS;
    const rows: GpuUsage[] = [];
    for (const { atMs, usage } of this.newest.values()) {
      if (atMs >= oldestMs) {
        rows.push(usage);
      }
    }
    return rows.sort((one, other) => one.index - other.index);
  }

  /** Ends the child. */
  close(): void {
    this.closed = true;
    this.restart?.dispose();
    this.child?.kill();
  }

  private start(): void {
    const child = spawn(
      this.binary,
      [`--query-gpu=${NVIDIA_FIELDS.join(',')}`, '--format=csv,noheader,nounits', `--loop-ms=${LOOP_MS}`],
      { stdio: ['ignore', 'pipe', 'pipe'] }
    );
    this.child = child;
    this.saysMore = true;
    this.listen(child.stdout);
    this.listen(child.stderr);
    // Either may come without the other: a program that cannot be started has no exit.
    child.once('error', error => this.ended(child, reasonOf(error)));
    child.once('close', (code, signal) =>
      this.ended(child, `nvidia-smi ended (${signal ?? `code ${code}`})`)
    );
    child.unref();
  }

  private listen(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE) {
        rest = '';
      }
      lines.forEach(line => this.take(line));
    });
  }

  private take(line: string): void {
    const usage = parseNvidiaRow(line);
    if (usage) {
      this.failure = null;
      this.saysMore = true;
      this.waitMs = FIRST_WAIT_MS;
      this.newest.set(usage.index, { atMs: this.clock.monotonicMs(), usage });
    } else if (line.trim() !== '' && this.saysMore) {
      // The first line says what is wrong; those after it say what one could try.
      this.failure = `nvidia-smi says: ${line.trim().slice(0, 300)}`;
      this.saysMore = false;
    }
  }

  private ended(child: ChildProcessByStdio<null, Readable, Readable>, why: string): void {
    if (this.child !== child) {
      return;
    }
    this.child = null;
    this.failure ??= why;
    this.newest.clear();
    if (!this.closed) {
      this.restart = this.clock.after(this.waitMs, () => this.start());
      this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    }
  }

  private child: ChildProcessByStdio<null, Readable, Readable> | null = null;
  private restart: IDisposable | null = null;
  private waitMs = FIRST_WAIT_MS;
  private failure: string | null = null;
  /** Whether the next line that is no row becomes the reason. */
  private saysMore = true;
  private closed = false;
  private readonly newest = new Map<number, { readonly atMs: number; readonly usage: GpuUsage }>();
}
