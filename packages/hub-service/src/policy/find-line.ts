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
  let begins = 0;
  for (let count = 1; count <= lines.length; count += 1) {
    const found = holds(lines.slice(0, count).join('\n'), path);
    if (found) {
      const gap = lines.slice(begins, count).findIndex(line => !/^\s*(#.*)?$/.test(line));
      return begins + Math.max(0, gap) + 1;
    }
    if (found === false) {
      begins = count;
    }
  }
  return null;
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
