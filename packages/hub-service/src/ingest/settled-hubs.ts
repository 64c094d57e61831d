import type { IDatabase } from '../store/database.js';
import { heardHubs } from '../store/heard-hubs.js';

/** A hub is heard as long as a companion of it was in this time, in ms: each says every ten minutes that it lives. */
const HEARD_MS = 3_600_000;
/**
 * And so long it must have been heard before anything is said of who is not, in ms: after an outage all of them come back
 * within minutes, those of a slow network or with much to send within an hour or so.
 */
export const SETTLING_MS = 2 * HEARD_MS;
/** What the clock may differ by between two looks, in ms. */
const STEP_MS = 600_000;

export interface ISettledHubsOptions {
  readonly database: IDatabase;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/**
 * Tells of which hubs the service heard without a break while it was up: only there silence says something of who is
 * silent. After a start, after an outage of the network, and after a step of the clock it says something of these instead.
 */
export class SettledHubs {
  constructor(private readonly options: ISettledHubsOptions) {}

  /** To be asked once in `HEARD_MS`. @returns names of hubs. */
  async look(): Promise<ReadonlySet<string>> {
    const { database, nowMs, monotonicMs } = this.options;
    const [atMs, monotonic] = [nowMs(), monotonicMs()];
    const heard = await heardHubs(database, atMs - HEARD_MS);
    const passedMs = monotonic - (this.last?.monotonic ?? monotonic);
    const isStep = Math.abs(atMs - (this.last?.atMs ?? atMs) - passedMs) > STEP_MS;
    // A look that came late knows nothing of what was between.
    const isBreak = isStep || passedMs > HEARD_MS + STEP_MS;
    this.last = { atMs, monotonic };
    this.since = new Map(
      [...heard].map(hub => [hub, (isBreak ? undefined : this.since.get(hub)) ?? monotonic])
    );
    return new Set([...heard].filter(hub => monotonic - (this.since.get(hub) ?? monotonic) >= SETTLING_MS));
  }

  private last: { readonly atMs: number; readonly monotonic: number } | null = null;
  /** Since when each is heard, monotonic ms. */
  private since: ReadonlyMap<string, number> = new Map();
}
