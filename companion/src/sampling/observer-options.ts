import type { IClock } from '../clock.js';
import type { Log } from '../log.js';

/** What an observer looks at. Every root can be a fixture tree. */
export interface IObserverOptions {
  /** Default `/proc`. */
  readonly procRoot?: string;
  /** Default `/sys`. */
  readonly sysRoot?: string;
  /** Where control groups are mounted, default `/sys/fs/cgroup`. */
  readonly cgroupRoot?: string;
  /** Default `/dev/shm`. */
  readonly shmPath?: string;
  /** The home folder, whose file system is watched; null = there is none. */
  readonly homePath: string | null;
  /** The companion's variables: `MEM_LIMIT`, `CPU_LIMIT` and `PATH` are read. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The jupyter_server, whose control group is the container's; null = the companion's own is taken. */
  readonly serverPid: number | null;
  /** The companion, as /proc counts; default this process. */
  readonly ownPid?: number;
  /** Whether to look for GPUs, default true. */
  readonly gpu?: boolean;
  /** Default the machine's own clock. */
  readonly clock?: IClock;
  /** Where absent features are told, once each; default nowhere. */
  readonly log?: Log;
}
