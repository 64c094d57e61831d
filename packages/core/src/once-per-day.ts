const DAY_MS = 24 * 60 * 60 * 1000;

/** When each key was last told. Plain JSON: it survives a restart. */
export type OncePerDay = Readonly<Record<string, number>>;

/** Whether `key` may be told now: not told within the last 24 h. A time in the future is of a wrong clock and does not count. */
export function shouldTell(ledger: OncePerDay, key: string, nowMs: number): boolean {
  const atMs = Object.hasOwn(ledger, key) ? ledger[key] : undefined;
  return atMs === undefined || atMs > nowMs || nowMs - atMs >= DAY_MS;
}

/** The ledger after `key` was told; what is older than a day is dropped, so it does not grow. */
export function told(ledger: OncePerDay, key: string, nowMs: number): OncePerDay {
  return { ...toldToday(ledger, nowMs), [key]: nowMs };
}

/** The ledger without what says nothing any more. */
export function toldToday(ledger: OncePerDay, nowMs: number): OncePerDay {
  return Object.fromEntries(Object.entries(ledger).filter(([key]) => !shouldTell(ledger, key, nowMs)));
}

/** Reads a ledger that lay on a disk; what is not a time is left out. */
export function parseOncePerDay(value: unknown): OncePerDay {
  if (typeof value !== 'object' || value === null) {
    return {};
  }
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number' && Number.isFinite(entry[1])
    )
  );
}
