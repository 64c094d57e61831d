/** What verifying needs of a record. */
export interface IRecordFacts {
  readonly boot: string;
  readonly seq: number;
  readonly prev: string;
  readonly action: string;
  /** Hash of the personal part; null = it has none. */
  readonly personal: string | null;
  /** null = the record tells of no gap. */
  readonly gap: {
    readonly cause: string;
    readonly sinceMs: number | null;
    readonly count: number | null;
  } | null;
}

/**
 * Reads of a record what verifying needs, and overlooks the rest: a later version of the record has more in it.
 *
 * @returns null when it is no record that could stand in a chain.
 */
export function recordFacts(text: string): IRecordFacts | null {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    // The caller says where it stands; what the parser thinks of it helps nobody.
    return null;
  }
  if (
    typeof record !== 'object' ||
    record === null ||
    !('boot' in record && 'seq' in record && 'prev' in record && 'action' in record)
  ) {
    return null;
  }
  const { boot, seq, prev, action } = record;
  if (
    typeof boot !== 'string' ||
    typeof seq !== 'number' ||
    typeof prev !== 'string' ||
    typeof action !== 'string'
  ) {
    return null;
  }
  const personal = 'personal' in record && typeof record.personal === 'string' ? record.personal : null;
  const gap = action === 'gap' ? gapOf('gap' in record ? record.gap : null) : null;
  return { boot, seq, prev, action, personal, gap };
}

function gapOf(gap: unknown): IRecordFacts['gap'] {
  const value = typeof gap === 'object' && gap !== null ? gap : {};
  const cause = 'cause' in value && typeof value.cause === 'string' ? value.cause : 'unknown';
  return {
    // Shown to people: nothing but the names of causes comes through.
    cause: /^[a-z-]{1,32}$/.test(cause) ? cause : 'unknown',
    sinceMs: 'sinceMs' in value && typeof value.sinceMs === 'number' ? value.sinceMs : null,
    count: 'count' in value && typeof value.count === 'number' ? value.count : null
  };
}
