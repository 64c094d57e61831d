import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Receiver } from '@labkeeper/protocol';
import { FoldedRun } from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import { Executions } from '../iopub/executions.js';
import { HomeDisk } from '../journal/journal-disk.js';
import type { IPagePort } from '../journal/journal-link.js';
import { JournalStore, type IJournalHealth } from '../journal/journal-store.js';
import { outlivesContainer } from '../journal/home-persistence.js';
import type { Log } from '../log.js';
import { serverId } from '../recorder/server-id.js';
import { foldLines } from './fold-lines.js';
import { PageSaves } from './page-saves.js';

/** A page with unsafe work hears this often that time passes. */
const TICK_MS = 5000;
/** For so long after its last batch a page may have more to say. */
const TICKING_MS = 60_000;

export interface ISaveGuardOptions {
  /** The folder on which the journal lives; null = there is none, or the part is switched off. */
  readonly home: string | null;
  readonly serverName: string;
  /** null = nobody said: the companion's parent stands for it. */
  readonly serverPid: number | null;
  readonly boot: string;
  readonly clock: IClock;
  readonly log: Log;
  readonly procRoot: string;
}

/** Everything about unsaved work: the journal of this run, and the links of pages to it. */
export class SaveGuard implements IDisposable {
  constructor(private readonly options: ISaveGuardOptions) {
    const { home, serverName, serverPid, boot, procRoot } = options;
    this.store =
      home === null
        ? null
        : new JournalStore({
            ...options,
            disk: new HomeDisk(home, serverName, boot),
            serverId: serverId(procRoot, serverPid ?? process.ppid),
            persistent: persistence(procRoot, home, options.log),
            fold: kind => foldLines(new FoldedRun(kind))
          });
    const { store } = this;
    this.executions = store
      ? new Executions({
          clock: options.clock,
          connectionFile: kernelId => this.connectionFile(kernelId),
          record: (run, records) =>
            void store.appendOwn(run, Buffer.from(records.map(record => JSON.stringify(record)).join('\n'))),
          // A page that comes back to its connection gets what it missed from the server itself.
          handOver: () => undefined
        })
      : null;
  }

  start(): void {
    this.store?.start();
  }

  /** Connects a page. */
  link(port: IPagePort, receiver: Receiver): PageSaves {
    return new PageSaves(this.store, this.executions, port, receiver);
  }

  /** The server said where its kernels' connection files are. */
  serverSays({ runtimeDir = null }: { readonly runtimeDir?: string | null }): void {
    this.runtimeDir = runtimeDir;
  }

  /** A page sent a batch: for a while it hears that time passes. */
  heard(tick: () => void): void {
    const { clock } = this.options;
    this.ticking.set(tick, clock.monotonicMs());
    this.timer ??= clock.after(TICK_MS, () => this.tick());
  }

  /** A page is gone. */
  forget(tick: () => void): void {
    this.ticking.delete(tick);
  }

  /** Everything that was taken is on the disk when this resolves, if the disk lets it be. */
  async flush(): Promise<boolean> {
    this.executions?.flush();
    return (await this.store?.flush()) ?? true;
  }

  /** The end is near: nothing waits for company any more. */
  hurry(hurried: boolean): void {
    this.store?.hurry(hurried);
  }

  health(): IJournalHealth | null {
    return this.store?.health ?? null;
  }

  async close(): Promise<void> {
    this.timer?.dispose();
    this.executions?.flush();
    this.executions?.dispose();
    await this.store?.close();
  }

  dispose(): void {
    this.timer?.dispose();
    this.executions?.dispose();
    this.store?.dispose();
  }

  /** Kernels are named by jupyter_server, and their files by their names (MultiKernelManager). */
  private connectionFile(kernelId: string): string | null {
    return this.runtimeDir !== null && /^[\w-]+$/.test(kernelId)
      ? join(this.runtimeDir, `kernel-${kernelId}.json`)
      : null;
  }

  private tick(): void {
    this.timer = null;
    const nowMs = this.options.clock.monotonicMs();
    for (const [tick, atMs] of this.ticking) {
      if (nowMs - atMs > TICKING_MS) {
        this.ticking.delete(tick);
      } else {
        tick();
      }
    }
    if (this.ticking.size > 0) {
      this.timer = this.options.clock.after(TICK_MS, () => this.tick());
    }
  }

  private readonly store: JournalStore | null;
  private readonly executions: Executions | null;
  private runtimeDir: string | null = null;
  private readonly ticking = new Map<() => void, number>();
  private timer: IDisposable | null = null;
}

function persistence(procRoot: string, home: string, log: Log): boolean | null {
  try {
    return outlivesContainer(readFileSync(`${procRoot}/self/mountinfo`, 'utf8'), home);
  } catch (error) {
    log(`Whether the home outlives the container cannot be told: ${reasonOf(error)}`);
    return null;
  }
}
