import canonicalize from 'canonicalize';

/**
 * Canonical JSON (RFC 8785): keys sorted by UTF-16 code units, no white space, numbers as ECMAScript writes them. Never
 * holds a newline.
 *
 * @param value - plain JSON: no undefined, no NaN, no lone surrogates.
 * @throws TypeError for what JSON has no text for.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) {
    throw new TypeError('This value has no JSON.');
  }
  return text;
}
