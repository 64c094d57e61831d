import {
  installedChanges,
  Settling,
  type IFoundInstalled,
  type IInstalled,
  type IRecordEvent
} from '@labkeeper/core';
import type { ISites } from '../audit/audit-environment.js';
import type { Recorded } from '../audit/spool.js';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { IJournalDisk } from '../journal/journal-disk.js';
import type { Log } from '../log.js';
import { changeEvent, environmentId } from './change-event.js';
import { findSites, type ISite } from './find-sites.js';
import { KnownState } from './known-state.js';
import { scanSite } from './scan-site.js';
import { SiteWatches } from './site-watches.js';

/** The server's own start comes first, ms. */
const START_MS = 3000;
/** Without a sign it is looked at this often, ms: a `stat` for each distribution. */
const SLOW_MS = 60_000;
/** After a sign, ms: one install is many of them. */
const SOON_MS = 300;
/** While something is just being written, ms. */
const UNSETTLED_MS = 1000;
/** So many changes are recorded with one write. */
const GROUP = 200;

export interface IInstalledWatchOptions {
  readonly sites: ISites;
  /** The audited log's folder: what was recorded as installed is kept there. */
  readonly disk: IJournalDisk;
  readonly record: (events: readonly IRecordEvent[]) => Promise<Recorded>;
  /** What was recorded before is no longer known: it will be recorded again. */
  readonly forgot: () => Promise<void>;
  readonly clock: IClock;
  readonly log: Log;
  readonly startMs?: number;
}

/** What is remembered of one folder. */
interface IMemory {
  readonly settling: Settling;
  last: ReadonlyMap<string, IFoundInstalled>;
  /** That it cannot be read was said. */
  isTold: boolean;
}

/**
 * Records what is installed, upgraded and removed, by whatever tool, from what lies on the disk: a first look, watches, and
 * a look each minute. What is recorded counts as known only then.
 */
export class InstalledWatch implements IDisposable {
  constructor(private readonly options: IInstalledWatchOptions) {
    this.known = new KnownState(options.disk);
    this.watches = new SiteWatches(path => {
      this.signs.add(path);
      this.plan(SOON_MS);
    });
  }

  /** Distributions that count as installed. */
  get count(): number {
    return [...this.known.sites.values()].reduce((sum, { installed }) => sum + installed.length, 0);
  }

  /** Where the environments are that are looked at, by their names in the log. */
  paths(): Map<string, string> {
    const { salt } = this.known;
    return new Map(this.sites.map(({ prefix }) => [environmentId(prefix, salt), prefix]));
  }

  start(): void {
    this.plan(this.options.startMs ?? START_MS);
  }

  /** Looks no more until `resume`; a look under way ends first. */
  pause(): void {
    this.paused = true;
    this.timer?.dispose();
    this.timer = null;
  }

  /** Looks again, first at everything. */
  resume(): void {
    this.paused = false;
    this.fullAtMs = -Infinity;
    this.plan(0);
  }

  dispose(): void {
    this.disposed = true;
    this.timer?.dispose();
    this.watches.dispose();
  }

  /** Looks after `ms`, or earlier where that is planned already. */
  private plan(ms: number): void {
    const dueMs = this.options.clock.monotonicMs() + ms;
    if (this.disposed || this.paused || (this.timer !== null && this.dueMs <= dueMs)) {
      return;
    }
    this.timer?.dispose();
    this.dueMs = dueMs;
    this.timer = this.options.clock.after(ms, () => {
      this.timer = null;
      // One at a time: a home on a network may hang. What comes meanwhile is looked at afterwards.
      this.looking ??= this.look().finally(() => {
        this.looking = null;
        this.plan(this.nextMs);
      });
    });
  }

  private async look(): Promise<void> {
    const { clock, log } = this.options;
    this.nextMs = SLOW_MS;
    try {
      this.isRead ||= await this.readKnown();
      const isFull = clock.monotonicMs() >= this.fullAtMs;
      const signs = new Set(this.signs);
      this.signs.clear();
      if (isFull) {
        this.fullAtMs = clock.monotonicMs() + SLOW_MS;
        await this.findAll();
      }
      for (const site of this.sites) {
        if (isFull || signs.has(site.path)) {
          await this.lookAt(site);
        }
      }
      this.told = false;
    } catch (error) {
      if (!this.told && !this.disposed) {
        this.told = true;
        log(`What is installed cannot be looked at: ${reasonOf(error)}`);
      }
    }
    this.nextMs = this.signs.size > 0 ? UNSETTLED_MS : Math.max(0, this.fullAtMs - clock.monotonicMs());
  }

  private async readKnown(): Promise<boolean> {
    if (!(await this.known.read())) {
      await this.options.forgot();
    }
    return true;
  }

  /** Finds the folders anew, and keeps those that were found once: an environment that goes was removed. */
  private async findAll(): Promise<void> {
    const found = await findSites(this.options.sites);
    const earlier = [...this.known.sites.values()].map(({ site }) => site);
    this.sites = [...found, ...earlier.filter(site => !found.some(({ path }) => path === site.path))];
    await this.watches.set(this.sites.map(({ path }) => path));
  }

  private async lookAt(site: ISite): Promise<void> {
    const { clock, log } = this.options;
    const memory = this.memoryOf(site);
    let look: Awaited<ReturnType<typeof scanSite>>;
    try {
      look = await scanSite(site.path, memory.last);
    } catch (error) {
      // Not to be read is not the same as empty: what is known stays as it is.
      if (!memory.isTold) {
        memory.isTold = true;
        log(`What is installed in ${site.path} cannot be read: ${reasonOf(error)}`);
      }
      return;
    }
    memory.isTold = false;
    memory.last = new Map(look.found.map(one => [one.folder, one]));
    const known = this.known.sites.get(site.path)?.installed ?? null;
    const settled = memory.settling.look(known, look, clock.wallMs(), clock.monotonicMs());
    if (settled.isUnsettled) {
      this.signs.add(site.path);
    }
    await this.recordChanges(site, known, settled.installed);
  }

  private async recordChanges(
    site: ISite,
    known: readonly IInstalled[] | null,
    installed: readonly IInstalled[]
  ): Promise<void> {
    const { clock, record } = this.options;
    const changes = installedChanges(known, installed);
    const names = [...new Set(changes.map(change => change.installed.name))];
    for (let from = 0; from < names.length; from += GROUP) {
      const group = new Set(names.slice(from, from + GROUP));
      const events = changes
        .filter(change => group.has(change.installed.name))
        .map(change => changeEvent(change, site, this.known.salt, clock.wallMs()));
      if ((await record(events)) !== 'recorded') {
        // Not known then, so the next look finds it again.
        return;
      }
      const before = this.known.sites.get(site.path)?.installed ?? [];
      this.known.put(site, [
        ...before.filter(({ name }) => !group.has(name)),
        ...installed.filter(({ name }) => group.has(name))
      ]);
      await this.save();
    }
    // Also where only the times of files differ, and that nothing lies in a folder.
    if (isOther(this.known.sites.get(site.path)?.installed ?? null, installed)) {
      this.known.put(site, installed);
      await this.save();
    }
  }

  /** What cannot be noted is recorded all the same, and by the next companion again. */
  private async save(): Promise<void> {
    const { log } = this.options;
    try {
      await this.known.save();
    } catch (error) {
      if (!this.toldUnsaved) {
        this.toldUnsaved = true;
        log(`What was recorded as installed cannot be noted: ${reasonOf(error)}`);
      }
    }
  }

  private memoryOf(site: ISite): IMemory {
    let memory = this.memories.get(site.path);
    if (!memory) {
      const installed = this.known.sites.get(site.path)?.installed ?? [];
      memory = {
        settling: new Settling(),
        last: new Map(installed.map(one => [one.folder, { ...one, isComplete: true }])),
        isTold: false
      };
      this.memories.set(site.path, memory);
    }
    return memory;
  }

  private readonly known: KnownState;
  private readonly watches: SiteWatches;
  private readonly memories = new Map<string, IMemory>();
  /** Folders in which something happens. */
  private readonly signs = new Set<string>();
  private sites: readonly ISite[] = [];
  private isRead = false;
  private fullAtMs = -Infinity;
  private nextMs = SLOW_MS;
  private dueMs = Infinity;
  private timer: IDisposable | null = null;
  private looking: Promise<void> | null = null;
  private told = false;
  /** That it cannot be noted was said. */
  private toldUnsaved = false;
  private paused = false;
  private disposed = false;
}

function isOther(known: readonly IInstalled[] | null, installed: readonly IInstalled[]): boolean {
  const signatures = new Map(known?.map(({ folder, signature }) => [folder, signature]));
  return (
    known === null ||
    known.length !== installed.length ||
    installed.some(({ folder, signature }) => signatures.get(folder) !== signature)
  );
}
