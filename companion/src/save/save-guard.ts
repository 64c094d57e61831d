import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kernel, Receiver, serverHello, SpliceOutcome } from '@labkeeper/protocol';
import type * as v from 'valibot';
import { FoldedRun } from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import { Executions } from '../iopub/executions.js';
import { FollowedOutputs } from '../iopub/followed-outputs.js';
import { EarlierRuns } from '../journal/earlier-runs.js';
import { HomeDisk } from '../journal/journal-disk.js';
import { JournalStore, type IJournalHealth } from '../journal/journal-store.js';
import { outlivesContainer } from '../journal/home-persistence.js';
import type { Log } from '../log.js';
import { serverId, serverLives } from '../recorder/server-id.js';
import type { IRecoverApartOptions } from '../recovery/recover-apart.js';
import type { Recoveries } from '../recovery/recoveries.js';
import { LeftCopies } from '../recovery/left-copies.js';
import { localTime, startRecoveries } from '../recovery/start-recoveries.js';
import { Resume } from '../resume/resume.js';
import { SessionFile } from '../resume/session-file.js';
import { foldLines } from './fold-lines.js';
import type { ISaveWitness } from '../server-events/server-events.js';
import type { LeftRuns } from '../journal/left-runs.js';
import { leftParts } from './left-parts.js';
import { PageSaves, type ISavesPort } from './page-saves.js';
import { PageTicks } from './page-ticks.js';
import { splicerOf, type IDocumentFiles } from './splicer.js';
import { Splices } from './splices.js';
import { Writers } from './writers.js';

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
  /** The program that recovers one run; null = nothing is recovered. */
  readonly recoveryProgram: string | null;
  /** Told what becomes of saves. */
  readonly saves?: ISaveWitness;
  /** An error ended a cell: its name and value as the kernel told them. */
  readonly erred?: (name: unknown, value: unknown) => void;
}

/** Where the server's documents are, and its kernels' connection files. */
type IServerFiles = IDocumentFiles & Pick<v.InferOutput<typeof serverHello.params>, 'runtimeDir'>;

/** Before the server has said where its files are. */
const UNKNOWN: SpliceOutcome = {
  kind: 'refused',
  why: 'not-here',
  detail: 'The server has not said where its files are.'
};

/** Everything about unsaved work: the journal of this run, and the links of pages to it. */
export class SaveGuard implements IDisposable {
  constructor(private readonly options: ISaveGuardOptions) {
    const { home, serverName, serverPid, boot, procRoot } = options;
    this.disk = home === null ? null : new HomeDisk(home, serverName, boot);
    const { disk } = this;
    const server = serverId(procRoot, serverPid ?? process.ppid);
    this.earlier = disk
      ? new EarlierRuns({
          ...options,
          disk,
          serverId: server,
          lives: id => serverLives(procRoot, id),
          changed: () => this.recoveries?.earlierChanged()
        })
      : null;
    this.store =
      disk && home !== null && this.earlier
        ? new JournalStore({
            ...options,
            disk,
            serverId: server,
            persistent: persistence(procRoot, home, options.log),
            fold: kind => foldLines(new FoldedRun(kind)),
            earlier: this.earlier
          })
        : null;
    this.resume =
      disk && home !== null
        ? new Resume({
            ...{ boot, serverId: server, clock: options.clock },
            file: new SessionFile({
              ...{ home, serverName, journalFolder: disk.folder, unique: boot, log: options.log }
            }),
            changed: () => this.pages.forEach(page => page.resumed())
          })
        : null;
    const { store } = this;
    this.followed = new FollowedOutputs(options);
    this.ticks = new PageTicks(options.clock);
    this.executions = store
      ? new Executions({
          clock: options.clock,
          connectionFile: kernelId => this.connectionFile(kernelId),
          record: (run, records) =>
            store.appendOwn(run, Buffer.from(records.map(record => JSON.stringify(record)).join('\n'))) !==
            'later',
          changed: execution => this.followed.changed(execution),
          ...(options.erred ? { erred: options.erred } : {}),
          attended: () => this.left?.work.kernels() ?? []
        })
      : null;
    this.left =
      store && this.executions && this.earlier
        ? leftParts({
            ...options,
            ...{ store, executions: this.executions, earlier: this.earlier },
            apart: () => this.apart,
            changed: () => this.recoveries?.earlierChanged()
          })
        : null;
  }

  start(): void {
    this.store?.start();
    void this.resume?.start();
  }

  /** Connects a page. */
  link(port: ISavesPort, receiver: Receiver): PageSaves {
    const saves: PageSaves = new PageSaves({
      ...{ port, receiver },
      saves: this.options.saves ?? null,
      store: this.store,
      executions: this.executions,
      followed: this.followed,
      left: this.left?.work ?? null,
      writers: this.writers,
      opened: paths => this.leftCopies?.look(paths),
      recoveries: () => [...(this.recoveries?.all ?? []), ...(this.leftCopies?.all ?? [])],
      resume: this.resume,
      splice: asked => this.splices?.ask(asked) ?? Promise.resolve(UNKNOWN),
      decide: (id, decision) =>
        void (this.leftCopies?.has(id) ? this.leftCopies : this.recoveries)?.decide(id, decision),
      gone: () => this.pages.delete(saves)
    });
    this.pages.add(saves);
    return saves;
  }

  /** The server said where its documents and its kernels' connection files are. */
  serverSays(server: IServerFiles): void {
    const { home, serverName, recoveryProgram } = this.options;
    const { disk, store, left } = this;
    this.runtimeDir = server.runtimeDir ?? null;
    this.splices ??=
      store && new Splices({ ...this.options, store, splice: splicerOf(this.options, server) });
    if (home !== null && disk && store && left && recoveryProgram !== null && server.plainFiles) {
      const { rootDir } = server;
      this.apart = {
        ...{ home, serverName, rootDir },
        nodePath: process.execPath,
        scriptPath: recoveryProgram
      };
      this.recoveries ??= startRecoveries({
        ...this.options,
        earlier: left.runs,
        hold: () => store.hold(),
        apart: this.apart,
        journalFolder: disk.folder,
        rootDir,
        changed: () => this.pages.forEach(page => page.recovered())
      });
      this.leftCopies ??= this.findLeft(rootDir, left.runs, this.recoveries.settled());
    }
  }

  /** The server's kernels, whole. */
  kernels(kernels: readonly Kernel[]): void {
    this.resume?.kernels(kernels);
  }

  /** The server is stopping on purpose. */
  stopping(): void {
    this.resume?.stopping();
  }

  private findLeft(rootDir: string, runs: LeftRuns, after: Promise<void>): LeftCopies {
    const { clock, log } = this.options;
    const copies = new LeftCopies({
      ...{ rootDir, clock, log, after },
      localTime: () => localTime(new Date(clock.wallMs())),
      isInJournal: path => runs.all.some(run => run.path === path),
      changed: () => this.pages.forEach(page => page.recovered())
    });
    copies.start();
    return copies;
  }

  /** A hidden page sent a batch, or one was hidden: for a while it hears that time passes. */
  heard(tick: () => void): void {
    this.ticks.heard(tick);
  }

  /** A page is seen, or gone. */
  forget(tick: () => void): void {
    this.ticks.forget(tick);
  }

  /** Everything that was taken is on the disk when this resolves, if the disk lets it be. */
  async flush(): Promise<boolean> {
    this.executions?.flush();
    void this.resume?.flush();
    return (await this.store?.flush()) ?? true;
  }

  /** The end is near: nothing waits for company any more. */
  hurry(hurried: boolean): void {
    this.store?.hurry(hurried);
  }

  /**
   * The path of a kernel's connection file; null = the server did not say where they are. Kernels are named by
   * jupyter_server, and their files by their names (MultiKernelManager).
   */
  connectionFile(kernelId: string): string | null {
    return this.runtimeDir !== null && /^[\w-]+$/.test(kernelId)
      ? join(this.runtimeDir, `kernel-${kernelId}.json`)
      : null;
  }

  health(): IJournalHealth | null {
    return this.store?.health ?? null;
  }

  /** @param orderly - whether somebody asked for it. */
  async close(orderly: boolean): Promise<void> {
    const noted = this.resume?.close(orderly);
    this.ticks.dispose();
    this.executions?.flush();
    this.disposeLeft();
    this.recoveries?.dispose();
    this.leftCopies?.dispose();
    this.earlier?.dispose();
    await Promise.all([this.store?.close(), noted]);
  }

  dispose(): void {
    this.ticks.dispose();
    this.disposeLeft();
    this.resume?.dispose();
    this.recoveries?.dispose();
    this.leftCopies?.dispose();
    this.earlier?.dispose();
    this.store?.dispose();
  }

  private disposeLeft(): void {
    this.left?.work.dispose();
    this.followed.dispose();
    this.executions?.dispose();
  }

  private readonly disk: HomeDisk | null;
  private readonly earlier: EarlierRuns | null;
  private readonly store: JournalStore | null;
  private readonly resume: Resume<PageSaves> | null;
  private readonly pages = new Set<PageSaves>();
  private readonly writers = new Writers();
  private recoveries: Recoveries | null = null;
  private leftCopies: LeftCopies | null = null;
  private splices: Splices | null = null;
  private readonly executions: Executions | null;
  private readonly followed: FollowedOutputs;
  private readonly left: ReturnType<typeof leftParts> | null;
  private apart: IRecoverApartOptions | null = null;
  private runtimeDir: string | null = null;
  private readonly ticks: PageTicks;
}

function persistence(procRoot: string, home: string, log: Log): boolean | null {
  try {
    return outlivesContainer(readFileSync(`${procRoot}/self/mountinfo`, 'utf8'), home);
  } catch (error) {
    log(`Whether the home outlives the container cannot be told: ${reasonOf(error)}`);
    return null;
  }
}
