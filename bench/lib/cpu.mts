import { readFileSync, readdirSync } from 'node:fs';

/**
 * CPU time that a process and its living threads have used, in ms.
 * From /proc/<pid>/task/<tid>/schedstat, whose first field is the time on the CPU in ns (Documentation/scheduler/
 * sched-stats.rst); /proc/<pid>/stat counts in ticks of 10 ms, too coarse here.
 */
export function cpuMs(pid: number): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
    } catch {
      continue; // The thread ended while we looked.
    }
  }
  return ns / 1e6;
}

/** A field of /proc/<pid>/status in bytes. */
export function statusBytes(pid: number, field: 'RssAnon' | 'VmRSS'): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) * 1024;
}

/** Waits. */
export const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
