import { readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { numberAt } from './digits.js';
import { OpenFile } from './open-file.js';
import { ProcStat } from './proc-stat.js';

/** Groups below ours come and go rarely, and looking for them costs more than reading them. */
const FOLDERS_AGE_MS = 10_000;
/** A list is read anew after this time in any case: a process may have been moved into our group. */
const LIST_AGE_MS = 10_000;
/**
 * A process has its pid a moment before it is in any list, and a throttled parent may be held in between for some
 * periods of its quota (100 ms each). So a list is good only if no pid was given out for this long before it was read.
 */
const SETTLED_MS = 500;
/** FUSE_SUPER_MAGIC: lxcfs puts files of its own making in the place of some of /proc's. */
const FUSE = 0x65735546;
const NEWLINE = 10;
const SPACE = 32;

/**
 * The pids of the container.
 *
 * They are read from `cgroup.procs` of the container's group and those below it (measured: 21 µs, against 65 µs for a
 * listing of /proc, whose names become strings). It is also the only right answer where the pid namespace is the
 * host's. Only without a group, or where a process that must be in the list is not (kernels moved to groups of their
 * own), /proc is listed.
 *
 * Neither is done while no process was born: `/proc/loadavg` ends with the pid that was given out last in our pid
 * namespace (proc(5)), and one number is read instead of all. Processes that have ended are then still listed.
 */
export class PidList {
  /** The pids of the last `read`, of which the first `count` are valid. */
  readonly pids: number[] = [];
  count = 0;

  /**
   * @param procRoot - where /proc is.
   * @param group - the folder of the container's group, or null.
   * @param monotonicMs - a clock that only grows.
   */
  constructor(
    private readonly procRoot: string,
    private readonly group: string | null,
    private readonly monotonicMs: () => number
  ) {
    const path = `${procRoot}/loadavg`;
    this.loadAverage = isFuse(path) ? null : new OpenFile(path);
  }

  /** Whether the last list was the group's: exactly the container, and nothing of the machine around it. */
  get ofGroup(): boolean {
    return this.fromGroup;
  }

  /**
   * Reads the list afresh, if there may be a process that is not in it.
   *
   * @param expected - processes that are known to live in the container.
   */
  read(expected: readonly number[]): void {
    const nowMs = this.monotonicMs();
    const lastBorn = this.readLastBorn();
    if (lastBorn === null || lastBorn !== this.lastBorn) {
      this.bornAtMs = nowMs;
    }
    this.lastBorn = lastBorn;
    const isGood = this.readAtMs - this.bornAtMs >= SETTLED_MS && nowMs - this.readAtMs < LIST_AGE_MS;
    if (isGood && expected.every(pid => this.has(pid))) {
      return;
    }
    this.readAtMs = nowMs;
    this.fromGroup = this.readGroups() && expected.every(pid => this.has(pid) || !this.lives(pid));
    if (!this.fromGroup) {
      this.readProc();
    }
  }

  /** Somebody in the list has ended: it is read anew the next time. */
  outdated(): void {
    this.readAtMs = -Infinity;
  }

  close(): void {
    this.files.forEach(file => file.close());
    this.files = [];
    this.loadAverage?.close();
  }

  /** The pid that was given out last in our namespace; null = not known (gVisor always says 0). */
  private readLastBorn(): number | null {
    const length = this.loadAverage?.read() ?? -1;
    const at = OpenFile.bytes.lastIndexOf(SPACE, length - 1) + 1;
    const pid = length > 0 ? numberAt(OpenFile.bytes, at, length) : NaN;
    return pid > 0 ? pid : null;
  }

  private readGroups(): boolean {
    this.count = 0;
    if (this.group === null) {
      return false;
    }
    const nowMs = this.monotonicMs();
    if (nowMs - this.foldersAtMs >= FOLDERS_AGE_MS) {
      this.foldersAtMs = nowMs;
      this.renewFolders(this.group);
    }
    for (const file of this.files) {
      const length = file.readAll();
      // v1 answers a file that stays open from a list that it made up to a second after the last read of it
      // (cgroup_pidlist_start in kernel/cgroup/cgroup-v1.c), and makes a new one for a file that was just opened.
      file.close();
      for (let at = 0; at < length;) {
        const pid = numberAt(OpenFile.bytes, at, length);
        // 0 stands for a process of another pid namespace.
        if (pid > 0) {
          this.pids[this.count] = pid;
          this.count += 1;
        }
        while (at < length && OpenFile.bytes[at] !== NEWLINE) {
          at += 1;
        }
        at += 1;
      }
    }
    return this.count > 0;
  }

  private renewFolders(group: string): void {
    const paths = [group, ...foldersBelow(group)].map(folder => join(folder, 'cgroup.procs'));
    const known = new Map(this.files.map(file => [file.path, file]));
    this.files = paths.map(path => known.get(path) ?? new OpenFile(path));
    const kept = new Set(paths);
    known.forEach((file, path) => {
      if (!kept.has(path)) {
        file.close();
      }
    });
  }

  private readProc(): void {
    this.count = 0;
    let names: string[];
    try {
      names = readdirSync(this.procRoot);
    } catch {
      // No /proc, or not for us: nobody is seen, which the observer reports as no kernels.
      return;
    }
    for (const name of names) {
      const pid = Number(name);
      if (Number.isInteger(pid)) {
        this.pids[this.count] = pid;
        this.count += 1;
      }
    }
  }

  private has(pid: number): boolean {
    for (let index = 0; index < this.count; index += 1) {
      if (this.pids[index] === pid) {
        return true;
      }
    }
    return false;
  }

  private lives(pid: number): boolean {
    const file = new OpenFile(`${this.procRoot}/${pid}/stat`);
    const length = file.read();
    file.close();
    // A zombie is in no list of members any more.
    return this.stat.parse(OpenFile.bytes, length) && !this.stat.gone;
  }

  private readonly stat = new ProcStat();
  private readonly loadAverage: OpenFile | null;
  private lastBorn: number | null = null;
  private bornAtMs = -Infinity;
  private readAtMs = -Infinity;
  private files: OpenFile[] = [];
  private foldersAtMs = -Infinity;
  private fromGroup = false;
}

function isFuse(path: string): boolean {
  try {
    return statfsSync(path).type === FUSE;
  } catch {
    // No /proc: reading it says so.
    return false;
  }
}

function foldersBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? [path, ...foldersBelow(path)] : [];
    });
  } catch {
    // Vanished between two looks.
    return [];
  }
}
