import type { Counters } from '@labkeeper/protocol';

/**
 * How old a reading must be to count as "before" a death, in milliseconds. The kill counter moves up to 117 ms before
 * a death is seen, and the limit counter a little before that, so a younger reading may hold half of the event.
 */
export const SETTLE_MS = 2000;

/**
 * The counters that a death is compared with. Each kill is used for one explanation only: three kernels dying in one
 * shortage need three kills, and a kernel stopped by hand a second later is not blamed on them.
 */
export class CounterBaseline {
  constructor(private settled: Counters) {}

  /** Takes a reading. Counters that went back belong to another cgroup: the reading becomes the new start. */
  read(counters: Counters, monotonicMs: number): void {
    if (killsOf(counters) < killsOf(this.settled)) {
      this.settled = counters;
      this.explained = 0;
      this.recent.length = 0;
    }
    this.recent.push({ counters, monotonicMs });
    this.latest = counters;
    if (this.unexplained > 0) {
      return;
    }
    const young = this.recent.findIndex(entry => monotonicMs - entry.monotonicMs < SETTLE_MS);
    const old = this.recent[young - 1];
    if (old) {
      this.explained += killsOf(this.settled) - killsOf(old.counters);
      this.settled = old.counters;
      this.recent.splice(0, young);
    }
  }

  /**
   * The last settled reading, kills that are explained counted in.
   *
   * @param shared - explained kills that belong to the same shortage: they stay out, so that they show as news.
   */
  before(shared = 0): Counters {
    const { oomKill, machineOomKill } = this.settled;
    const explained = Math.max(0, this.explained - shared);
    return {
      ...this.settled,
      oomKill: oomKill === null ? null : oomKill + explained,
      machineOomKill: machineOomKill === null ? null : machineOomKill + explained
    };
  }

  /** Kills that nothing explains yet. */
  get unexplained(): number {
    return killsOf(this.latest ?? this.settled) - killsOf(this.settled) - this.explained;
  }

  /** Kills were explained. */
  explain(kills: number): void {
    this.explained += Math.min(kills, this.unexplained);
  }

  private explained = 0;
  private latest: Counters | null = null;
  private readonly recent: { readonly counters: Counters; readonly monotonicMs: number }[] = [];
}

/** Kills in this cgroup; without one, on the machine. */
function killsOf(counters: Counters): number {
  return counters.oomKill ?? counters.machineOomKill ?? 0;
}
