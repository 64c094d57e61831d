import type { Death } from '@labkeeper/protocol';

/** Deaths that are remembered, over restarts of the server too. */
export const DEATHS_KEPT = 50;

/** The newest deaths, oldest first, one of each id. */
export class DeathList {
  get all(): readonly Death[] {
    return this.deaths;
  }

  /** Adds a death, or puts its news in its place. */
  put(death: Death): void {
    const at = this.deaths.findIndex(known => known.id === death.id);
    if (at >= 0) {
      this.deaths[at] = death;
      return;
    }
    this.deaths.push(death);
    this.deaths.sort((a, b) => a.atMs - b.atMs);
    this.deaths.splice(0, this.deaths.length - DEATHS_KEPT);
  }

  private readonly deaths: Death[] = [];
}
