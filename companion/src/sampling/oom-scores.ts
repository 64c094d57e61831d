import { readFileSync, writeFileSync } from 'node:fs';
import { reasonOf, type Log } from '../log.js';
import type { ProcessTable } from './process-table.js';
import type { TrackedProcess } from './tracked-process.js';

/** `oom_score_adj` runs from −1000 to 1000 thousandths of the memory allowed (proc_pid_oom_score_adj(5)). */
const HIGHEST = 1000;
/** Measured: eight kernels in 512 MB killed the server; with 500 more than it has, 12 of 12 deaths took a kernel. */
const RAISE = 500;
const MAX_DEPTH = 64;

/** Whom scores are raised for. */
export interface IOomScoresOptions {
  readonly procRoot: string;
  /** The jupyter_server; without it nothing is raised, because it could not be spared. */
  readonly serverPid: number | null;
  /** The companion. */
  readonly ownPid: number;
  readonly log?: Log;
}

/**
 * Makes the server the last to be killed in a shortage of memory: everybody else in the container gets a score
 * higher by 500 than the one the server was given by the kubelet, Docker or systemd. An unprivileged process may
 * raise the score of its own user's processes, and lower it again to what it was.
 *
 * Spared are PID 1, the server and what started it, and the companion. Where the group is not a container of its own
 * but, say, a desktop session, only what the server started is touched.
 */
export class OomScores {
  constructor(private readonly options: IOomScoresOptions) {}

  /**
   * Raises the scores of `processes`.
   *
   * @param table - to know who descends from whom.
   * @param whole - the table's processes are a container's with a limit of its own, all of them may be touched.
   */
  raise(processes: Iterable<TrackedProcess>, table: ProcessTable, whole: boolean): void {
    const { serverPid } = this.options;
    const baseline = serverPid === null ? null : this.read(serverPid);
    if (serverPid === null || baseline === null) {
      this.say('the jupyter_server is not known, so oom_score_adj is left alone');
      return;
    }
    const target = Math.min(HIGHEST, baseline + RAISE);
    const spared = lineage(serverPid, table);
    for (const process of processes) {
      if (this.mayRaise(process, table, spared, whole)) {
        const before = this.read(process.pid);
        if (before === null) {
          continue;
        }
        if (before < target && this.write(process.pid, target)) {
          process.scoreBefore = before;
        } else if (before === target) {
          // Started by one that was raised, or raised by the companion before this one.
          process.scoreBefore = baseline;
        }
      }
    }
  }

  /** Puts every score back that still is as it was raised. */
  undo(processes: Iterable<TrackedProcess>): void {
    for (const process of processes) {
      if (process.scoreBefore !== null) {
        this.write(process.pid, process.scoreBefore);
        process.scoreBefore = null;
      }
    }
  }

  private mayRaise(
    process: TrackedProcess,
    table: ProcessTable,
    spared: ReadonlySet<number>,
    whole: boolean
  ): boolean {
    const { pid } = process;
    const { serverPid, ownPid } = this.options;
    if (pid === 1 || pid === ownPid || spared.has(pid) || process.gone) {
      return false;
    }
    return whole || process.tree !== null || (serverPid !== null && lineage(pid, table).has(serverPid));
  }

  private read(pid: number): number | null {
    try {
      return Number(readFileSync(this.path(pid), 'utf8'));
    } catch {
      // Ended since it was seen.
      return null;
    }
  }

  private write(pid: number, score: number): boolean {
    try {
      writeFileSync(this.path(pid), String(score));
      return true;
    } catch (error) {
      // Ended, of another user, or forbidden by a sandbox: it keeps its score.
      this.say(`oom_score_adj cannot be set: ${reasonOf(error)}`);
      return false;
    }
  }

  private path(pid: number): string {
    return `${this.options.procRoot}/${pid}/oom_score_adj`;
  }

  private say(line: string): void {
    if (!this.said) {
      this.said = true;
      this.options.log?.(line);
    }
  }

  private said = false;
}

/** A process and those it descends from, as far as the table knows them. */
function lineage(pid: number, table: ProcessTable): Set<number> {
  const pids = new Set<number>();
  for (let next: number | undefined = pid; next && pids.size < MAX_DEPTH && !pids.has(next);) {
    pids.add(next);
    next = table.process(next)?.ppid;
  }
  return pids;
}
