import { DigestLine, parseShape, type SignedDigest } from '@labkeeper/protocol';
import { ascii, ByteReader } from './byte-reader.js';
import { isEntryLine } from './entry-line.js';
import type { IVerifyTools } from './tools.js';

/** Those of more than a hundred years, one an hour. */
const MOST_DIGESTS = 1_000_000;
/** Records that somebody moved behind the digests are passed over, up to so many. */
const STRAY_RECORDS = 8;

const DIGEST = ascii('{"digest":');

/** Whether the line means to hold a digest. */
export function isDigestLine(line: Uint8Array): boolean {
  return new ByteReader(line).has(DIGEST);
}

/**
 * The digests of a file, which stand at its end and have to be known before its records pass.
 *
 * @param lines - those of the file from the last one backwards. Few more are asked for than there are digests.
 * @returns as the file tells them: none of it has been checked.
 */
export function announcedDigests(
  lines: Iterable<Uint8Array>,
  tools: Pick<IVerifyTools, 'decode'>
): readonly SignedDigest[] {
  const byNumber = new Map<number, SignedDigest>();
  let records = 0;
  for (const line of lines) {
    records += isEntryLine(line) ? 1 : 0;
    if (records > STRAY_RECORDS || byNumber.size === MOST_DIGESTS) {
      break;
    }
    const digest = isDigestLine(line) ? parseShape(DigestLine, tools.decode(line))?.digest : undefined;
    if (digest) {
      byNumber.set(digest.body.number, digest);
    }
  }
  return [...byNumber.values()];
}
