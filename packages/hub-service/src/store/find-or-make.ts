/**
 * Finds rows by their keys, and makes those that are missing: three statements at most, however many they are. In the order
 * of their keys, so that two replicas that meet the same new ones seldom wait for one another.
 *
 * @param make - leaves alone what another made meanwhile. @returns all that are there now.
 */
export async function findOrMake<Wanted, Row>(
  wanted: ReadonlyMap<string, Wanted>,
  find: (wanted: readonly Wanted[]) => Promise<ReadonlyMap<string, Row>>,
  make: (missing: readonly Wanted[]) => Promise<unknown>
): Promise<ReadonlyMap<string, Row>> {
  if (wanted.size === 0) {
    return new Map();
  }
  const before = await find([...wanted.values()]);
  const missing = [...wanted]
    .filter(([key]) => !before.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one);
  if (missing.length === 0) {
    return before;
  }
  await make(missing);
  return find([...wanted.values()]);
}

/** By key, each once. */
export function byKey<T>(list: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, T> {
  return new Map(list.map(one => [keyOf(one), one]));
}

/** What was just made; it can be missing only where somebody deletes rows by hand. */
export function there<T>(found: T | undefined): T {
  if (found === undefined) {
    throw new Error('A row that was just made is not there.');
  }
  return found;
}
