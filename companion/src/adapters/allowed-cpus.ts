import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/**
 * How many CPUs this container may run on (its cpuset), which is what "all cores" means to its user. Read once.
 *
 * @param procRoot - where /proc is.
 */
export function countAllowedCpus(procRoot: string): number {
  let status = '';
  try {
    status = readFileSync(`${procRoot}/self/status`, 'utf8');
  } catch {
    // No /proc: a laptop, on which every CPU is allowed.
  }
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  return (list === undefined ? 0 : countList(list)) || cpus().length || 1;
}

/** Counts a list such as `0-3,8` (cpuset(7), "List format"); 0 when it is not understood. */
export function countList(list: string): number {
  let count = 0;
  for (const range of list.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range);
    if (!match) {
      return 0;
    }
    const first = Number(match[1]);
    count += Math.max(0, Number(match[2] ?? first) - first + 1);
  }
  return count;
}
