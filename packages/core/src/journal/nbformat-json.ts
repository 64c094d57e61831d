import { isJson } from './json.js';

/**
 * JSON as `nbformat.write` writes it, which is Python's `json.dumps` with `indent=1`, sorted keys, `ensure_ascii=False`
 * and `": "` (nbformat 5.11, `v4/nbjson.py`): so that what we write cannot be told from a save by jupyter_server.
 *
 * Half a surrogate pair stays the escape that it is: `\ud800`. Python refuses to write such a text, and with it the
 * whole notebook; as an escape it is JSON, every reader takes it, and nothing is lost.
 *
 * @param depth - how many lists and objects the value stands in: its lines are indented by one more space each.
 */
export function nbformatJson(value: unknown, depth: number): string {
  const parts: string[] = [];
  write(value, depth, parts);
  return parts.join('');
}

function write(value: unknown, depth: number, parts: string[]): void {
  if (Array.isArray(value)) {
    writeAll(value, '[]', depth, parts, item => write(item, depth + 1, parts));
  } else if (isJson(value)) {
    writeAll(Object.keys(value).sort(byCodePoint), '{}', depth, parts, key => {
      parts.push(JSON.stringify(key), ': ');
      write(value[key], depth + 1, parts);
    });
  } else {
    parts.push(typeof value === 'number' ? pythonNumber(value) : JSON.stringify(value));
  }
}

function writeAll<T>(
  items: readonly T[],
  brackets: '[]' | '{}',
  depth: number,
  parts: string[],
  one: (item: T) => void
): void {
  if (items.length === 0) {
    parts.push(brackets);
    return;
  }
  items.forEach((item, index) => {
    parts.push(index === 0 ? brackets.charAt(0) : ',', lineBreak(depth + 1));
    one(item);
  });
  parts.push(lineBreak(depth), brackets.charAt(1));
}

/** A new line with the indent of `depth`. */
export function lineBreak(depth: number): string {
  return `\n${' '.repeat(depth)}`;
}

/** The order in which Python sorts keys; JavaScript's own puts characters beyond U+FFFF before those from U+E000 on. */
export function byCodePoint(one: string, other: string): number {
  for (let at = 0; at < one.length && at < other.length; at += 1) {
    const difference = (one.codePointAt(at) ?? 0) - (other.codePointAt(at) ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return one.length - other.length;
}

/**
 * A number as Python writes what it read from `JSON.stringify`: an integer stays as it is; a float has the same digits,
 * but an exponent of two digits at least, and one below 1e-4 already, not below 1e-6.
 */
function pythonNumber(value: number): string {
  const text = JSON.stringify(value);
  const small = /^(-?)0\.0000(0*)([1-9])(\d*)$/.exec(text);
  if (small) {
    const [, sign = '', zeros = '', first = '', rest = ''] = small;
    return `${sign}${first}${rest === '' ? '' : '.'}${rest}e-${twoDigits(zeros.length + 5)}`;
  }
  return text.replace(/e-(\d)$/, 'e-0$1');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
