import type { Death } from '@labkeeper/protocol';

/** Deaths that are remembered, over restarts of the server too. */
export const DEATHS_KEPT = 50;

/** The newest deaths in the order they became known, whatever clock dated them; one of each id. */
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
    this.cut();
  }

  /**
   * Puts deaths that were known before this companion began in front; those it knows better by now stay.
   *
   * @returns whether any was new.
   */
  restore(earlier: readonly Death[]): boolean {
    const before = earlier.filter(death => !this.deaths.some(known => known.id === death.id));
    this.deaths.unshift(...before);
    this.cut();
    return before.length > 0;
  }

  private cut(): void {
    this.deaths.splice(0, this.deaths.length - DEATHS_KEPT);
  }

  private readonly deaths: Death[] = [];
}
