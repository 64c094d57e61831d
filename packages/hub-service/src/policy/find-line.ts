import { parse, TomlError } from 'smol-toml';

/**
 * The line on which a value begins in a TOML text that can be read. The parser keeps no places; so the text is read up to
 * each line, and the first part that holds the value ends where the value does.
 *
 * @param path - keys and indexes; where nothing is, the line of the nearest thing around it that is there.
 * @returns 1 is the first line.
 */
export function findLine(text: string, path: readonly (string | number)[]): number {
  const lines = text.split('\n');
  for (let depth = path.length; depth > 0; depth -= 1) {
    const line = lineOf(lines, path.slice(0, depth));
    if (line !== null) {
      return line;
    }
  }
  return 1;
}

function lineOf(lines: readonly string[], path: readonly (string | number)[]): number | null {
  if (!holds(lines.join('\n'), path)) {
    return null;
  }
  // What can be read and holds the value goes on to hold it when more is read, so halving finds where that begins: `without`
  // is the longest part that is known not to hold it, and no part from `top` on needs a look any more.
  let without = 0;
  let within = lines.length;
  for (let top = within; top - without > 1;) {
    const middle = Math.floor((without + top) / 2);
    let count = middle;
    let found: boolean | null = null;
    for (; count < top && found === null; count += 1) {
      found = holds(lines.slice(0, count).join('\n'), path);
    }
    if (found === false) {
      without = count - 1;
    } else {
      within = found ? count - 1 : within;
      top = middle;
    }
  }
  const gap = lines.slice(without, within).findIndex(line => !/^\s*(#.*)?$/.test(line));
  return without + Math.max(0, gap) + 1;
}

/** null = this part of the text ends inside a value. */
function holds(part: string, path: readonly (string | number)[]): boolean | null {
  let value: unknown;
  try {
    value = parse(part);
  } catch (error) {
    if (error instanceof TomlError) {
      return null;
    }
    throw error;
  }
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
      return false;
    }
    value = new Map<string, unknown>(Object.entries(value)).get(String(key));
  }
  return true;
}
