import type { IReclaimStatement } from './statement.js';

/** Maintenance is told this long before it begins, ms. */
const NEAR_MS = 3600_000;

/**
 * Clouds announce reboots days ahead. A countdown of days in every tab would be looked at by nobody when it matters,
 * so maintenance is told from an hour before; once told it stays, also when the clock is set back.
 */
export class NearMaintenance {
  /** What of a channel's statements is to be told now. `wallMs` in ms since the Unix epoch. */
  filter(statements: readonly IReclaimStatement[], wallMs: number): IReclaimStatement[] {
    const near = statements.filter(
      ({ key, kind, deadlineMs }) =>
        kind !== 'maintenance' || deadlineMs === null || deadlineMs - wallMs <= NEAR_MS || this.told.has(key)
    );
    this.told = new Set(near.map(({ key }) => key));
    return near;
  }

  private told: ReadonlySet<string> = new Set();
}
