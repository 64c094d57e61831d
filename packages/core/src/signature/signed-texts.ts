import { pythonNumber } from './python-number.js';

/** A number of the file, as it is written there: Python tells 1 and 1.0 apart. */
class WrittenNumber {
  constructor(readonly source: string) {}
}

/** Reads JSON so that `signedTexts` can tell what Python would sign. @throws SyntaxError. */
export function parseSigned(text: string): unknown {
  const keep = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' ? new WrittenNumber(context?.source ?? String(value)) : value;
  const value: unknown = JSON.parse(text, keep);
  return value;
}

/**
 * The texts of which nbformat makes a notebook's signature, in their order: keys by code points, each before its value;
 * the items of lists; all else as Python writes it (`yield_everything` in nbformat/sign.py). A text that is kept as a
 * list of lines gives the same bytes as one that is not.
 *
 * @param value - as `parseSigned` gives it.
 * @param isLeftOut - keys of the outermost object that are not signed.
 */
export function* signedTexts(
  value: unknown,
  isLeftOut: (key: string) => boolean = () => false
): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) {
      yield* signedTexts(item);
    }
  } else if (value instanceof WrittenNumber) {
    yield pythonNumber(value.source);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value).sort(([one], [other]) => byCodePoints(one, other))) {
      if (!isLeftOut(key)) {
        yield key;
        yield* signedTexts(item);
      }
    }
  } else {
    yield value === null ? 'None' : value === true ? 'True' : value === false ? 'False' : String(value);
  }
}

/** Python orders texts by code points; JavaScript by UTF-16 units, which differs where a text has a surrogate pair. */
function byCodePoints(one: string, other: string): number {
  const [a, b] = [[...one], [...other]];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = (a[index]?.codePointAt(0) ?? 0) - (b[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return a.length - b.length;
}
