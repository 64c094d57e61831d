import { existsSync } from 'node:fs';
import type { Kernel } from '@labkeeper/protocol';
import { nextWord, numberAt } from '../adapters/digits.js';
import type { IKernelConstants } from '../adapters/kernel-constants.js';
import { KeyedFile } from '../adapters/keyed-file.js';
import { OpenFile } from '../adapters/open-file.js';
import { PidList } from '../adapters/pid-list.js';
import { ProcStat } from '../adapters/proc-stat.js';
import { KernelTree } from './kernel-tree.js';
import { TrackedProcess } from './tracked-process.js';

/** Two open files per process in a kernel's tree; beyond this many processes they are opened for each look. */
const MAX_KEPT_OPEN = 400;
/** Processes outside of trees are read once; this often they are checked for pids that were given out again. */
const CHECK_MS = 30_000;
/** A chain of parents longer than this is a loop made of reused pids. */
const MAX_DEPTH = 64;
/** From here on a process maps more than programs and libraries, and its shared memory is worth a read of its own. */
const LARGE_SHARED_BYTES = 64 * 1024 * 1024;
/** That read (10 µs) is repeated when the figure moved by this much. */
const SHARED_MOVED_BYTES = 1024 * 1024;

/** What a table looks at. */
export interface IProcessTableOptions {
  readonly procRoot: string;
  /** The folder of the container's control group, or null. */
  readonly group: string | null;
  /** The jupyter_server, or null. */
  readonly serverPid: number | null;
  readonly constants: IKernelConstants;
  readonly monotonicMs: () => number;
}

/**
 * All processes of the container, and which kernel each belongs to: a process belongs to a kernel when it descends
 * from it, or shares the session that the kernel leads (jupyter_client starts kernels with a session of their own),
 * which still tells when its parent has ended. Any language, also while busy: nothing is asked of the kernel.
 */
export class ProcessTable {
  constructor(private readonly options: IProcessTableOptions) {
    this.list = new PidList(options.procRoot, options.group, options.monotonicMs);
    this.expected = options.serverPid === null ? [] : [options.serverPid];
  }

  /** The kernels' trees, the living and those whose kernel has just ended. */
  get trees(): Iterable<KernelTree> {
    return this.byKernel.values();
  }

  /** Everything in the container. */
  get processes(): Iterable<TrackedProcess> {
    return this.byPid.values();
  }

  /** What the last measurement read: every member of a tree, and the server, whose memory is nobody's. */
  get measured(): readonly TrackedProcess[] {
    return this.lastMeasured;
  }

  /** Whether `processes` is the container exactly, and not the machine. */
  get ofGroup(): boolean {
    return this.list.ofGroup;
  }

  /** Where it looks: `/proc`. */
  get procRoot(): string {
    return this.options.procRoot;
  }

  /** The tree of a kernel, or undefined. */
  tree(kernelId: string): KernelTree | undefined {
    return this.byKernel.get(kernelId);
  }

  /** A process by its pid, or undefined. */
  process(pid: number): TrackedProcess | undefined {
    return this.byPid.get(pid);
  }

  /**
   * Which kernels there are. Keeps the trees of those that are still the same process.
   *
   * @returns whether anything changed; then processes must be looked for at once.
   */
  setKernels(kernels: readonly Kernel[]): boolean {
    const local = kernels.flatMap(({ kernelId, pid }) => (pid === null ? [] : [{ kernelId, pid }]));
    const same = (kernelId: string, pid: number): boolean => {
      const tree = this.byKernel.get(kernelId);
      return tree?.pid === pid && tree.alive;
    };
    if (local.length === this.byKernel.size && local.every(({ kernelId, pid }) => same(kernelId, pid))) {
      return false;
    }
    const trees = local.map(({ kernelId, pid }) => {
      const tree = same(kernelId, pid) ? this.byKernel.get(kernelId) : undefined;
      return tree ?? new KernelTree(kernelId, pid);
    });
    this.byKernel = new Map(trees.map(tree => [tree.kernelId, tree]));
    this.byKernelPid = new Map(trees.map(tree => [tree.pid, tree]));
    const expected = trees.map(tree => tree.pid);
    this.expected = this.options.serverPid === null ? expected : [this.options.serverPid, ...expected];
    for (const process of this.byPid.values()) {
      this.join(process, this.findTree(process));
    }
    return true;
  }

  /**
   * Looks which processes there are.
   *
   * @returns those not seen before.
   */
  scan(): readonly TrackedProcess[] {
    this.list.read(this.expected);
    this.scans += 1;
    const nowMs = this.options.monotonicMs();
    if (nowMs - this.checkedAtMs >= CHECK_MS) {
      this.checkedAtMs = nowMs;
      this.dropReused();
    }
    const found: TrackedProcess[] = [];
    for (let index = 0; index < this.list.count; index += 1) {
      const pid = this.list.pids[index] ?? 0;
      const known = this.byPid.get(pid);
      if (known) {
        known.seenAt = this.scans;
      } else {
        const process = this.inspect(pid);
        if (process) {
          process.seenAt = this.scans;
          this.byPid.set(pid, process);
          found.push(process);
        } else {
          this.list.outdated();
        }
      }
    }
    if (this.byPid.size > this.list.count || found.length > 0) {
      this.dropVanished();
    }
    for (const process of found) {
      this.join(process, this.findTree(process));
    }
    return found;
  }

  /** Reads CPU time, threads and memory of every process in a kernel's tree. */
  measure(): void {
    const nowMs = this.options.monotonicMs();
    let kept = 0;
    this.lastMeasured.length = 0;
    const server = this.options.serverPid === null ? undefined : this.byPid.get(this.options.serverPid);
    if (server && server.tree === null) {
      this.measureMemory(server);
    }
    for (const tree of this.byKernel.values()) {
      tree.begin();
      for (const process of tree.members) {
        this.measureOne(tree, process);
        kept += 1;
        if (kept > MAX_KEPT_OPEN) {
          process.close();
        }
      }
      tree.finish(nowMs, this.options.constants.ticksPerSecond);
    }
  }

  close(): void {
    this.list.close();
    this.byPid.forEach(process => process.close());
    this.byPid.clear();
  }

  private measureOne(tree: KernelTree, process: TrackedProcess): void {
    const stat = this.stat;
    const length = process.stat.read();
    if (length < 0) {
      // Vanished; or not readable any more, then its last figures stand.
      if (!existsSync(`${this.options.procRoot}/${process.pid}`)) {
        this.drop(process);
      }
      return;
    }
    if (!stat.parse(OpenFile.bytes, length) || stat.startTicks !== process.startTicks || stat.gone) {
      // Another process with its pid, or a zombie: it holds no memory and will not run again.
      this.lose(process);
      return;
    }
    if (stat.nameHash !== process.nameHash) {
      process.nameHash = stat.nameHash;
      process.name = stat.name(OpenFile.bytes);
    }
    const grown = Math.max(0, stat.selfTicks - process.selfTicks);
    process.selfTicks = stat.selfTicks;
    process.childTicks = stat.childTicks;
    process.threads = stat.threads;
    if (grown === 0 && stat.rssPages === process.rssPages) {
      // It did nothing and holds as much as before: an idle kernel costs one read.
      this.lastMeasured.push(process);
    } else {
      process.rssPages = stat.rssPages;
      this.measureMemory(process);
    }
    tree.add(process, grown);
  }

  private measureMemory(process: TrackedProcess): void {
    const length = process.statm.read();
    if (length > 0) {
      const bytes = OpenFile.bytes;
      const { pageBytes } = this.options.constants;
      const rssAt = nextWord(bytes, 0, length);
      const rssBytes = numberAt(bytes, rssAt, length) * pageBytes;
      // Nothing resident: it has given its memory back and is about to be a zombie. What it held is what counts.
      if (rssBytes > 0) {
        process.anonBytesBefore = process.anonBytes;
        process.rssBytes = rssBytes;
        process.sharedBytes = numberAt(bytes, nextWord(bytes, rssAt, length), length) * pageBytes;
      }
    }
    if (process.sharedBytes < LARGE_SHARED_BYTES) {
      process.shmemBytes = null;
      process.shmemReadAt = 0;
    } else if (Math.abs(process.sharedBytes - process.shmemReadAt) >= SHARED_MOVED_BYTES) {
      const status = new KeyedFile(`${this.options.procRoot}/${process.pid}/status`, ['RssShmem:']);
      status.read();
      const kib = status.get('RssShmem:');
      status.close();
      process.shmemBytes = kib === null ? null : kib * 1024;
      process.shmemReadAt = process.sharedBytes;
    }
    this.lastMeasured.push(process);
  }

  /** Reads a process for the first time; null when it is gone already. */
  private inspect(pid: number): TrackedProcess | null {
    const file = new OpenFile(`${this.options.procRoot}/${pid}/stat`);
    const length = file.read();
    file.close();
    const stat = this.stat;
    if (length < 0 || !stat.parse(OpenFile.bytes, length) || stat.gone) {
      return null;
    }
    const process = new TrackedProcess(pid, stat.startTicks, this.options.procRoot);
    process.ppid = stat.ppid;
    process.session = stat.session;
    process.name = stat.name(OpenFile.bytes);
    process.nameHash = stat.nameHash;
    return process;
  }

  private findTree(process: TrackedProcess): KernelTree | null {
    if (process.gone) {
      return null;
    }
    let ancestor: TrackedProcess | undefined = process;
    for (let depth = 0; ancestor && depth < MAX_DEPTH; depth += 1) {
      const tree: KernelTree | null | undefined =
        this.byKernelPid.get(ancestor.pid) ?? (ancestor.tree && this.byKernel.get(ancestor.tree.kernelId));
      // A tree that was replaced by a restarted kernel's does not inherit: its processes are leftovers.
      if (tree && (tree === ancestor.tree || tree.pid === ancestor.pid)) {
        return tree;
      }
      ancestor = this.byPid.get(ancestor.ppid);
    }
    return this.byKernelPid.get(process.session) ?? null;
  }

  private join(process: TrackedProcess, tree: KernelTree | null): void {
    if (process.tree !== tree) {
      process.tree?.members.delete(process);
      process.tree = tree;
      if (tree === null) {
        process.close();
      }
    }
    tree?.members.add(process);
  }

  private dropVanished(): void {
    const vanished: TrackedProcess[] = [];
    for (const process of this.byPid.values()) {
      if (process.seenAt !== this.scans) {
        vanished.push(process);
      }
    }
    // Kernels first: their workers are then not lost but gone with them.
    vanished.sort((one, other) => Number(this.isKernel(other)) - Number(this.isKernel(one)));
    vanished.forEach(process => this.drop(process));
  }

  private dropReused(): void {
    for (const process of [...this.byPid.values()]) {
      if (process.tree === null) {
        const now = this.inspect(process.pid);
        if (now?.startTicks !== process.startTicks) {
          this.drop(process);
        }
      }
    }
  }

  private drop(process: TrackedProcess): void {
    this.byPid.delete(process.pid);
    this.lose(process);
  }

  /** Takes a process that ended out of its tree; a zombie stays in the table until it is reaped. */
  private lose(process: TrackedProcess): void {
    const tree = process.tree;
    process.tree = null;
    process.gone = true;
    process.close();
    if (tree === null) {
      return;
    }
    if (tree.alive && tree.pid !== process.pid && !this.lives(tree.pid)) {
      tree.alive = false;
    }
    tree.lose(process);
  }

  private lives(pid: number): boolean {
    return this.inspect(pid) !== null;
  }

  private isKernel(process: TrackedProcess): boolean {
    return process.tree?.pid === process.pid;
  }

  private readonly list: PidList;
  private readonly stat = new ProcStat();
  private readonly byPid = new Map<number, TrackedProcess>();
  private byKernel = new Map<string, KernelTree>();
  private byKernelPid = new Map<number, KernelTree>();
  private readonly lastMeasured: TrackedProcess[] = [];
  private expected: readonly number[];
  private scans = 0;
  private checkedAtMs = -Infinity;
}
