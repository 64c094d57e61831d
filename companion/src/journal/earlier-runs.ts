import type { RunId } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { NotOursError } from '../recorder/own-folder.js';
import type { IEarlierRun, ScannedRun } from './earlier-run.js';
import {
  earlierSegments,
  keepForgotten,
  lastChange,
  readBoot,
  removeBoot,
  removeLeftFiles,
  STRANGE_MS,
  replacedRuns,
  type IEarlierBoot
} from './earlier-boots.js';
import type { IJournalDisk } from './journal-disk.js';
import { IDLE_TOUCH_MS, TOUCH_MS } from './life-signs.js';

/** A journal with unsaved work that lives is touched more often than this. */
const SILENCE_MS = 2.5 * TOUCH_MS;
/** One without: it is only removed, so there is time. */
const IDLE_SILENCE_MS = 10 * IDLE_TOUCH_MS;

/** A journal that the system did not let us read is tried again after this. */
const RETRY_MS = 60_000;

export interface IEarlierRunsOptions {
  readonly disk: IJournalDisk;
  readonly boot: string;
  /** Of our own server. */
  readonly serverId: string;
  /** Whether a server lives; null = it cannot be seen from here. */
  readonly lives: (serverId: string) => boolean | null;
  readonly clock: IClock;
  readonly log: Log;
  /** `all` is another list. */
  readonly changed: () => void;
}

/**
 * What earlier companions left: runs that hold more than their files. A companion that may live somewhere else is left
 * alone until its journal has been silent for a while. Nothing is removed before somebody says that it is done with.
 */
export class EarlierRuns implements IDisposable {
  constructor(private readonly options: IEarlierRunsOptions) {}

  /** The runs to recover, the last written last. */
  get all(): readonly IEarlierRun[] {
    return this.unsaved().sort((a, b) => a.lastAtMs - b.lastAtMs);
  }

  /**
   * Reads what is there. Journals of which it is not sure that they are nobody's come later, by themselves.
   *
   * @throws the system's error when the folder cannot be read.
   */
  async read(): Promise<void> {
    await this.inTurn(() => this.readAll());
  }

  /** The run has been recovered, or nobody wants it: it is not there any more when this resolves. */
  async forget(run: IEarlierRun): Promise<void> {
    await this.inTurn(() => this.forgetAll(this.unsaved().filter(known => known === run)));
  }

  /** A page says that a run is of no use any more: a newer one tells the same, or the file does. */
  async settled(id: RunId): Promise<void> {
    const isKnown = this.boots.some(({ runs }) => runs.some(({ run }) => run === id));
    if (this.isRead && !isKnown && this.unsure.size === 0) {
      return;
    }
    this.done.add(id);
    await this.inTurn(() => this.forgetAll(this.doneRuns()));
  }

  dispose(): void {
    this.timer?.dispose();
    this.isDisposed = true;
  }

  private unsaved(): ScannedRun[] {
    return this.boots.flatMap(boot =>
      boot.runs.filter(run => run.isUnsaved && !boot.forgotten.has(run.scan.number))
    );
  }

  private doneRuns(): ScannedRun[] {
    const runs = this.boots.flatMap(boot => boot.runs);
    for (let grows = true; grows;) {
      const before = this.done.size;
      for (const run of runs) {
        if (this.done.has(run.run) && run.replaces !== null) {
          this.done.add(run.replaces);
        }
      }
      grows = this.done.size > before;
    }
    return this.unsaved().filter(run => this.done.has(run.run));
  }

  private async readAll(): Promise<void> {
    const { disk, boot, clock } = this.options;
    const known = new Set(this.boots.map(earlier => earlier.boot));
    const found = await earlierSegments(disk, boot);
    const nowMs = found.size > 0 ? await this.fileSystemNow() : clock.wallMs();
    this.strangeSinceMs = nowMs - STRANGE_MS;
    // A journal that vanished has been recovered by another companion, or somebody removed it.
    for (const name of [...this.unsure.keys()].filter(name => !found.has(name))) {
      this.unsure.delete(name);
      this.unreadable.delete(name);
    }
    for (const [name, segments] of found) {
      if (!known.has(name)) {
        await this.readOne(name, segments, nowMs);
      }
    }
    this.isRead = true;
    await this.tidy(nowMs);
    if (this.unsure.size > 0) {
      this.planNext();
    }
    this.options.changed();
  }

  private planNext(): void {
    this.timer?.dispose();
    this.timer = this.isDisposed
      ? null
      : this.options.clock.after(
          this.unreadable.size > 0 ? RETRY_MS : SILENCE_MS,
          () => void this.readAgain()
        );
  }

  /** A volume that cannot be written can still be read: what is left there is told all the same. */
  private async tidy(nowMs: number): Promise<void> {
    try {
      await this.forgetAll([...replacedRuns(this.boots), ...this.doneRuns()]);
      await this.removeEmpty();
      await removeLeftFiles(this.options.disk, nowMs);
    } catch (error) {
      if (codeOf(error) === null && !(error instanceof NotOursError)) {
        throw error;
      }
      this.options.log(`Journals that are done with cannot be removed: ${reasonOf(error)}`);
    }
  }

  private async readAgain(): Promise<void> {
    try {
      await this.read();
    } catch (error) {
      this.options.log(`Unsaved work of earlier starts cannot be read: ${reasonOf(error)}`);
      this.planNext();
    }
  }

  private async readOne(boot: string, segments: readonly string[], nowMs: number): Promise<void> {
    const { disk, serverId, log } = this.options;
    const silenceMs = this.unsure.get(boot);
    try {
      if (silenceMs !== undefined && nowMs - (await lastChange(disk, segments)) <= silenceMs) {
        return;
      }
      const earlier = await readBoot(disk, boot, segments, serverId);
      const lives = this.lives(earlier, nowMs);
      if (lives === null) {
        this.unsure.set(boot, silenceOf(earlier));
        return;
      }
      this.unsure.delete(boot);
      this.unreadable.delete(boot);
      if (!lives) {
        this.boots.push(earlier);
      }
      if (!lives && earlier.isStrange) {
        log(`A journal in ${segments.join(', ')} is damaged or of another version; it is kept for 30 days.`);
      }
    } catch (error) {
      if (codeOf(error) === null && !(error instanceof NotOursError)) {
        throw error;
      }
      this.unsure.delete(boot);
      // One that vanished has been recovered by another companion of this server.
      if (codeOf(error) !== 'ENOENT') {
        this.leaveOut(boot, error);
      }
    }
  }

  /** A volume may fail for a moment: it is read again later. What is not ours stays so. */
  private leaveOut(boot: string, error: unknown): void {
    if (!this.unreadable.has(boot)) {
      this.options.log(`A journal was left out: ${reasonOf(error)}`);
    }
    if (codeOf(error) !== null && codeOf(error) !== 'ELOOP') {
      this.unreadable.add(boot);
      this.unsure.set(boot, -Infinity);
    }
  }

  /** null = it cannot be told yet. */
  private lives(boot: IEarlierBoot, nowMs: number): boolean | null {
    const { serverId, ended } = boot;
    if (ended || serverId === this.options.serverId) {
      return false;
    }
    const known = serverId === null ? null : this.options.lives(serverId);
    return known ?? (nowMs - boot.changedAtMs > silenceOf(boot) ? false : null);
  }

  /** Times of files are the file system's, so now is too: clocks of two machines may differ. */
  private async fileSystemNow(): Promise<number> {
    const { disk, boot, clock } = this.options;
    const name = `${boot}.clock`;
    try {
      await disk.replace(name, '');
      const { changedAtMs } = await disk.state(name);
      await disk.remove(name);
      return changedAtMs;
    } catch (error) {
      if (codeOf(error) === null) {
        throw error;
      }
      // Full or read-only: our own clock has to do.
      return clock.wallMs();
    }
  }

  private async forgetAll(runs: readonly ScannedRun[]): Promise<void> {
    for (const boot of this.boots) {
      const numbers = runs.filter(run => boot.runs.includes(run)).map(run => run.scan.number);
      if (numbers.some(number => !boot.forgotten.has(number))) {
        numbers.forEach(number => boot.forgotten.add(number));
        await keepForgotten(this.options.disk, boot);
      }
    }
    if (runs.length > 0) {
      await this.removeEmpty();
      this.options.changed();
    }
  }

  /** Removes journals that hold nothing that somebody could want. */
  private async removeEmpty(): Promise<void> {
    const ids = new Set(this.unsaved().map(({ run }) => run));
    // A run that never got a batch through may be the link between one that did and one that is to come.
    const isOfUse = ({ boot, runs, isStrange, changedAtMs }: IEarlierBoot): boolean =>
      (isStrange && changedAtMs > this.strangeSinceMs) ||
      this.unsaved().some(run => run.boot === boot) ||
      runs.some(({ replaces, isBegun }) => !isBegun && replaces !== null && ids.has(replaces));
    for (const boot of this.boots.filter(boot => !isOfUse(boot))) {
      await removeBoot(this.options.disk, boot);
      this.boots = this.boots.filter(other => other !== boot);
    }
  }

  /** One after the other: each reads and writes the same files. */
  private inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.turn.then(task);
    // The caller gets the error; the next one's turn comes all the same.
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  private boots: IEarlierBoot[] = [];
  /** Runs that a page said are of no use; their journals may be read later. */
  private readonly done = new Set<RunId>();
  /** Journals of which it is not known whether their companion lives, and how long it must be silent. */
  private readonly unsure = new Map<string, number>();
  /** Those of them that the system did not let us read the last time. */
  private readonly unreadable = new Set<string>();
  private strangeSinceMs = -Infinity;
  private turn: Promise<void> = Promise.resolve();
  private timer: IDisposable | null = null;
  private isRead = false;
  private isDisposed = false;
}

function silenceOf({ runs }: IEarlierBoot): number {
  return runs.some(run => run.isUnsaved) ? SILENCE_MS : IDLE_SILENCE_MS;
}
