/** A JSON object, of which only that much is known. */
export type Json = Record<string, unknown>;

/** Whether a value is a JSON object: no list and not null. */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text of a field that files hold as one string or as a list of lines; null = it is neither. */
export function joinedText(value: unknown): string | null {
  if (typeof value === 'string') {
    return value;
  }
  return Array.isArray(value) && value.every(line => typeof line === 'string') ? value.join('') : null;
}

/** Whether two JSON values are the same: order of keys does not count, 0 and -0 are one number. */
export function jsonEqual(one: unknown, other: unknown): boolean {
  if (one === other) {
    return true;
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, index) => jsonEqual(value, other[index]));
  }
  if (!isJson(one) || !isJson(other)) {
    return false;
  }
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every(key => Object.hasOwn(other, key) && jsonEqual(one[key], other[key]))
  );
}
