import { canonicalJson } from '@labkeeper/core';
import * as v from 'valibot';
import { sha256Hex } from '../sha256.js';

/** Either of the two kinds of lines, see `core`'s `recordEntry` and `opaqueEntry`. */
const Line = v.union([
  v.object({ record: v.record(v.string(), v.unknown()) }),
  v.object({ opaque: v.string() })
]);

/**
 * The hash of the record in a line of the log: what the next record of its stream, and a receipt, call it by. Of bytes that
 * could not be read it is theirs.
 *
 * @returns null = the line holds neither.
 */
export function headOf(entry: string): string | null {
  const line = v.safeParse(Line, JSON.parse(entry));
  if (!line.success) {
    return null;
  }
  return 'record' in line.output
    ? sha256Hex(canonicalJson(line.output.record))
    : sha256Hex(Buffer.from(line.output.opaque, 'base64'));
}
