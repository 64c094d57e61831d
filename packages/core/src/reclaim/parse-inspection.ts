import { VARIABLES_TOLD, type Variable, type Variables } from '@labkeeper/protocol';

/** Names are cut to this length, as the messages want them. */
const LONGEST = 200;

/**
 * Reads what a Python kernel answers about its variables: `text/plain` of a text of hexadecimal digits, which is JSON,
 * `[count, [[name, type, bytes], …]]`. null = it is something else.
 */
export function parseInspection(text: string, asOfMs: number): Variables | null {
  const hex = /^(['"])((?:[0-9a-f]{2})+)\1$/.exec(text.trim())?.[2];
  const value = hex === undefined ? null : readJson(textOf(hex));
  if (!Array.isArray(value)) {
    return null;
  }
  const [count, rows]: unknown[] = value;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0 || !Array.isArray(rows)) {
    return null;
  }
  const items: Variable[] = [];
  for (const row of rows.slice(0, VARIABLES_TOLD)) {
    const variable = readVariable(row);
    if (variable === null) {
      return null;
    }
    items.push(variable);
  }
  return { asOfMs, items, count: Math.max(count, items.length) };
}

function readVariable(row: unknown): Variable | null {
  if (!Array.isArray(row)) {
    return null;
  }
  const [name, type, bytes]: unknown[] = row;
  if (typeof name !== 'string' || typeof type !== 'string') {
    return null;
  }
  const known = typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0;
  return { name: name.slice(0, LONGEST), type: type.slice(0, LONGEST), bytes: known ? bytes : null };
}

/** Python writes JSON in ASCII, and all else as escapes. */
function textOf(hex: string): string {
  let text = '';
  for (let at = 0; at < hex.length; at += 2) {
    text += String.fromCharCode(Number.parseInt(hex.slice(at, at + 2), 16));
  }
  return text;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the kernel answered something else, which the caller says.
    return null;
  }
}
