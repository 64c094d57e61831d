import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IServer } from './server.mts';

/** What the system says of the memory of a server's cgroup. */
export interface IMemoryDeaths {
  /** Processes that it killed for memory. */
  readonly kills: number;
  /** The most that processes held at a look, in bytes; what the system can take back is not in it. */
  readonly peakBytes: number;
  stop(): void;
}

/** Watches the cgroup of a server: its counters go when it does. */
export function watchMemoryDeaths({ group }: IServer): IMemoryDeaths {
  const v1 = join('/sys/fs/cgroup/memory', group);
  const v2 = join('/sys/fs/cgroup', group);
  const isV1 = existsSync(v1);
  const read = (file: string, field: string): number => {
    try {
      const text = readFileSync(join(isV1 ? v1 : v2, file), 'latin1');
      return Number(new RegExp(`^${field} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
    } catch {
      return 0; // The server ended, and its group with it.
    }
  };
  const watched = { kills: 0, peakBytes: 0, stop: () => clearInterval(timer) };
  const timer = setInterval(() => {
    watched.kills = Math.max(watched.kills, read(isV1 ? 'memory.oom_control' : 'memory.events', 'oom_kill'));
    watched.peakBytes = Math.max(watched.peakBytes, read('memory.stat', isV1 ? 'total_rss' : 'anon'));
  }, 200);
  return watched;
}
