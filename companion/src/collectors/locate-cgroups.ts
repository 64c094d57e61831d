import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseCgroupLines, type ICgroupLine } from '../adapters/cgroup-lines.js';
import { parseMounts, type IMount } from '../adapters/mounts.js';

/** Where control groups are mounted unless a system says otherwise. */
const USUAL_MOUNT = '/sys/fs/cgroup';

/** How many groups are looked into when a group's name is hidden by a namespace. */
const MAX_SEARCHED = 500;

/** One control group as files. */
export interface ICgroup {
  readonly version: 1 | 2;
  readonly path: string;
  /** The groups above it that can be seen, nearest first: their limits hold too. */
  readonly parents: readonly string[];
}

/** The container's groups, per controller; null = the controller is off, or the group is the machine itself. */
export interface ICgroups {
  readonly memory: ICgroup | null;
  readonly cpu: ICgroup | null;
  /** CPU time used; v2 keeps it with `cpu`. */
  readonly cpuacct: ICgroup | null;
  readonly pids: ICgroup | null;
  /** The group whose members are the container's processes. */
  readonly members: ICgroup | null;
}

/** What to look at. */
export interface ICgroupQuestion {
  readonly procRoot: string;
  readonly cgroupRoot: string;
  /** Whose groups; null = this process's. */
  readonly pid: number | null;
}

/** Files that tell that a controller is on in a group. */
const MARKERS = {
  memory: { 1: 'memory.usage_in_bytes', 2: 'memory.current' },
  cpu: { 1: 'cpu.stat', 2: 'cpu.stat' },
  cpuacct: { 1: 'cpuacct.usage', 2: 'cpu.stat' },
  pids: { 1: 'pids.current', 2: 'pids.current' }
} as const;

type Controller = keyof typeof MARKERS;

/**
 * Finds the container's control groups in any of the ways systems show them: v1, v2 and hybrid (the version is
 * chosen per controller, by the lines of `/proc/<pid>/cgroup`), in a private or the host's cgroup namespace, and
 * with the group itself bound to the mount point while `/proc/<pid>/cgroup` shows the host's path, as Docker does:
 * there the mount's root, from mountinfo, tells which part of the path is already behind us.
 */
export function locateCgroups(question: ICgroupQuestion): ICgroups {
  const { procRoot, pid } = question;
  const lines = parseCgroupLines(
    readText(`${procRoot}/${pid ?? 'self'}/cgroup`) ?? readText(`${procRoot}/self/cgroup`) ?? ''
  );
  const mounts = parseMounts(readText(`${procRoot}/self/mountinfo`) ?? '');
  const find = (controller: Controller): ICgroup | null => locate(controller, lines, mounts, question);
  const memory = find('memory');
  const cpu = find('cpu');
  const pids = find('pids');
  return { memory, cpu, cpuacct: find('cpuacct'), pids, members: memory ?? pids ?? cpu };
}

function locate(
  controller: Controller,
  lines: readonly ICgroupLine[],
  mounts: readonly IMount[],
  question: ICgroupQuestion
): ICgroup | null {
  const v1 = lines.find(line => line.controllers.includes(controller));
  const line = v1 ?? lines.find(candidate => candidate.unified);
  if (line === undefined) {
    return null;
  }
  const version = v1 ? 1 : 2;
  const marker = MARKERS[controller][version];
  // The last mount on a mount point is the one that is seen.
  for (const mount of [...mounts].reverse()) {
    const fits = v1
      ? mount.type === 'cgroup' && mount.options.includes(controller)
      : mount.type === 'cgroup2';
    const group = fits ? groupIn(mount, line.path, version, marker, question) : null;
    if (group) {
      return group;
    }
  }
  return null;
}

function groupIn(
  mount: IMount,
  groupPath: string,
  version: 1 | 2,
  marker: string,
  question: ICgroupQuestion
): ICgroup | null {
  const top = mount.mountPoint.startsWith(USUAL_MOUNT)
    ? question.cgroupRoot + mount.mountPoint.slice(USUAL_MOUNT.length)
    : mount.mountPoint;
  const below = pathBelow(mount.root, groupPath) ?? search(top, mount.root, question);
  // Without a way from the mount's root to the group, the mount's root is the nearest that can be seen.
  const names = below?.split('/').filter(name => name !== '') ?? [];
  const chain = names.reduce((paths, name) => [join(paths[0] ?? top, name), ...paths], [top]);
  // A controller may be on only further up: its figures and limits there hold for us too.
  const [path, ...parents] = chain.filter(
    each => existsSync(join(each, marker)) && !isMachine(each, version)
  );
  return path === undefined ? null : { version, path, parents };
}

/** What of `path` lies below `root`; null when it is not below, or the names are hidden (`..`). */
function pathBelow(root: string, path: string): string | null {
  const base = root === '/' ? '' : root;
  if (path !== base && !path.startsWith(`${base}/`)) {
    return null;
  }
  const rest = path.slice(base.length);
  return rest.split('/').includes('..') ? null : rest;
}

/**
 * A mount made outside of our cgroup namespace has `/..` as its root and our path is `/`: the names in between are
 * hidden, so the group is looked for by its member.
 */
function search(top: string, root: string, question: ICgroupQuestion): string | null {
  const depth = root.split('/').filter(name => name === '..').length;
  const pid = question.pid ?? ownPid(question.procRoot);
  if (depth === 0 || pid === null) {
    return null;
  }
  let searched = 0;
  const visit = (below: string, left: number): string | null => {
    searched += 1;
    if (searched > MAX_SEARCHED) {
      return null;
    }
    if (left === 0) {
      const members = readText(join(top, below, 'cgroup.procs'))?.split('\n') ?? [];
      return members.includes(String(pid)) ? below : null;
    }
    for (const name of folders(join(top, below))) {
      const found = visit(`${below}/${name}`, left - 1);
      if (found !== null) {
        return found;
      }
    }
    return null;
  };
  return visit('', depth);
}

/** The pid of this process as `procRoot` counts: `/proc/self/stat` begins with it. */
function ownPid(procRoot: string): number | null {
  const pid = parseInt(readText(`${procRoot}/self/stat`) ?? '', 10);
  return Number.isNaN(pid) ? null : pid;
}

/** The root of the whole hierarchy: no container's. Only there v1 has `release_agent`; v2 has no `cgroup.type`. */
function isMachine(path: string, version: 1 | 2): boolean {
  return version === 1
    ? existsSync(join(path, 'release_agent'))
    : existsSync(join(path, 'cgroup.procs')) && !existsSync(join(path, 'cgroup.type'));
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory() ? [entry.name] : []
    );
  } catch {
    // Vanished or not for us: nothing to find in it.
    return [];
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Absent where there is no /proc, or unreadable: the caller has a next choice.
    return null;
  }
}
