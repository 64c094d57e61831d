import { parseShape, RetireLine } from '@labkeeper/protocol';
import { isDigestLine } from './announced-digests.js';
import { ascii, ByteReader } from './byte-reader.js';
import { isEntryLine } from './entry-line.js';
import type { IVerifyTools } from './tools.js';

/** Acts of a hundred years, several a day. */
const MOST_ACTS = 1_000_000;

const RETIRE = ascii('{"retire":');
const GONE = ascii('{"gone":');

/** An act of retention as an export tells it. */
export type AnnouncedRetirement = RetireLine['retire'];

/** Whether the line means to hold an act of retention. */
export function isRetireLine(line: Uint8Array): boolean {
  return new ByteReader(line).has(RETIRE);
}

/** Whether the line means to stand for deleted records. */
export function isGoneLine(line: Uint8Array): boolean {
  return new ByteReader(line).has(GONE);
}

/**
 * The acts of retention of a file, which stand behind its digests and have to be known before its records pass.
 *
 * @param lines - those of the file from the last one backwards.
 * @returns as the file tells them: none of it has been checked.
 */
export function announcedRetirements(
  lines: Iterable<Uint8Array>,
  tools: Pick<IVerifyTools, 'decode'>
): readonly AnnouncedRetirement[] {
  const retirements: AnnouncedRetirement[] = [];
  for (const line of lines) {
    if (isDigestLine(line) || isEntryLine(line) || isGoneLine(line) || retirements.length === MOST_ACTS) {
      break;
    }
    const retire = isRetireLine(line) ? parseShape(RetireLine, tools.decode(line))?.retire : undefined;
    if (retire) {
      retirements.push(retire);
    }
  }
  return retirements.reverse();
}
