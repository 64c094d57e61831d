/**
 * Whether a text is the canonical JSON (RFC 8785) of the value that it was parsed to: then nothing in it was lost by
 * parsing, such as the first of two equal keys. In doubt it says no: of objects with keys that are whole numbers, which
 * JavaScript puts first.
 */
export function isCanonical(text: string, value: unknown): boolean {
  // JSON.stringify writes numbers, strings and no white space as RFC 8785 does; only the order of keys is the text's own.
  return JSON.stringify(value) === text && isOrdered(value);
}

/** Keys stand in the order of their UTF-16 code units, and no string has half a surrogate pair. */
function isOrdered(value: unknown): boolean {
  if (typeof value === 'string') {
    return isWhole(value);
  }
  if (Array.isArray(value)) {
    return value.every(isOrdered);
  }
  if (typeof value !== 'object' || value === null) {
    return true;
  }
  let before: string | null = null;
  for (const [key, member] of Object.entries(value)) {
    if ((before !== null && key <= before) || !isWhole(key) || !isOrdered(member)) {
      return false;
    }
    before = key;
  }
  return true;
}

function isWhole(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
