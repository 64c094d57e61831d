import type { Counters } from '@labkeeper/protocol';

/** By how much each counter grew; null = it is not kept, was not read, or went back (another cgroup's). */
export interface ICounterChanges {
  readonly oomKill: number | null;
  readonly limitHit: number | null;
  readonly oomGroupKill: number | null;
  readonly pidsRefused: number | null;
  readonly machineOomKill: number | null;
}

/** What the counters did between two readings. */
export function counterChanges(before: Counters | null, after: Counters | null): ICounterChanges {
  const grew = (counter: keyof ICounterChanges) => {
    const from = before?.[counter] ?? null;
    const to = after?.[counter] ?? null;
    return from === null || to === null || to < from ? null : to - from;
  };
  return {
    oomKill: grew('oomKill'),
    limitHit: grew('limitHit'),
    oomGroupKill: grew('oomGroupKill'),
    pidsRefused: grew('pidsRefused'),
    machineOomKill: grew('machineOomKill')
  };
}
