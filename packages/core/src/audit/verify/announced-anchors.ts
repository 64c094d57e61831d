import { AnchorLine, parseShape, type Anchor } from '@labkeeper/protocol';
import { isDigestLine } from './announced-digests.js';
import { ascii, ByteReader } from './byte-reader.js';
import { isEntryLine } from './entry-line.js';
import type { IVerifyTools } from './tools.js';

/** Several for each digest of a hundred years, one an hour. */
const MOST_ANCHORS = 3_000_000;

const ANCHOR = ascii('{"anchor":');

/** Whether the line means to hold an anchor. */
export function isAnchorLine(line: Uint8Array): boolean {
  return new ByteReader(line).has(ANCHOR);
}

/**
 * The anchors of an export, which stand behind its digests.
 *
 * @param lines - those of the file from the last one backwards.
 * @returns in the order of the file, as it tells them: none of it has been checked.
 */
export function announcedAnchors(
  lines: Iterable<Uint8Array>,
  tools: Pick<IVerifyTools, 'decode'>
): readonly Anchor[] {
  const anchors: Anchor[] = [];
  for (const line of lines) {
    if (isDigestLine(line) || isEntryLine(line) || anchors.length === MOST_ANCHORS) {
      break;
    }
    const anchor = isAnchorLine(line) ? parseShape(AnchorLine, tools.decode(line))?.anchor : undefined;
    if (anchor) {
      anchors.push(anchor);
    }
  }
  return anchors.reverse();
}
