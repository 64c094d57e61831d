import { createHash } from 'node:crypto';
import { canonicalJson, followsHead, type IChainedRecord } from '@labkeeper/core';
import type { StreamHead } from '@labkeeper/protocol';

const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,9})\.audit$/;
const NEWLINE = 0x0a;
const HASH = /^[0-9a-f]{64}$/;

/** The first line of a segment: it can be read without those before it. */
export interface ISegmentHeader {
  /** The head of the stream before this segment. */
  readonly after: StreamHead;
  /** Names the server process whose companion wrote it. */
  readonly serverId: string;
  /** When the stream began, wall clock ms. */
  readonly openedAtMs: number;
}

/** One record as it lies in a segment. */
export interface ISpooledRecord {
  /** Exact bytes of the record and of its personal part (or `null`), a newline after each. */
  readonly bytes: Buffer;
  /** The head of the stream with it. */
  readonly head: StreamHead;
}

/** What a segment holds. */
export interface ISegment {
  /** null = it has none: it was just being made, or it is damaged. */
  readonly header: ISegmentHeader | null;
  readonly records: readonly ISpooledRecord[];
  /** Something that was complete does not belong there; a cut last record is no damage, nobody was told of it. */
  readonly isDamaged: boolean;
}

export function segmentName(boot: string, number: number): string {
  return `${boot}.${number}.audit`;
}

/** Which segment of which stream a file is; null = none. */
export function parseSegmentName(name: string): { readonly boot: string; readonly number: number } | null {
  const [, boot, number] = NAME.exec(name) ?? [];
  return boot === undefined || number === undefined ? null : { boot, number: Number(number) };
}

export function encodeHeader({ after, serverId, openedAtMs }: ISegmentHeader): Buffer {
  return Buffer.from(`${canonicalJson({ labkeeperSpool: 1, ...after, serverId, openedAtMs })}\n`);
}

export function encodeRecord({ line, personal }: IChainedRecord): Buffer {
  return Buffer.from(`${line}\n${personal ?? 'null'}\n`);
}

/** SHA-256 of bytes or of a text's UTF-8, in hexadecimal digits. */
export function sha256Hex(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * Reads a segment as far as its chain holds. What was cut at the end is left out.
 *
 * @param boot - the stream whose segment it is to be.
 */
export function readSegment(bytes: Buffer, boot: string): ISegment {
  let at = bytes.indexOf(NEWLINE) + 1;
  const header = readHeader(bytes.toString('utf8', 0, Math.max(0, at - 1)));
  if (header === null) {
    return { header, records: [], isDamaged: at > 0 };
  }
  const records: ISpooledRecord[] = [];
  let head = header.after;
  for (;;) {
    const middle = bytes.indexOf(NEWLINE, at) + 1;
    const end = middle === 0 ? 0 : bytes.indexOf(NEWLINE, middle) + 1;
    if (end === 0) {
      return { header, records, isDamaged: false };
    }
    const line = bytes.subarray(at, middle - 1);
    if (!followsHead(line.toString('utf8'), boot, head)) {
      return { header, records, isDamaged: true };
    }
    head = { seq: head.seq + 1, hash: sha256Hex(line) };
    records.push({ bytes: bytes.subarray(at, end), head });
    at = end;
  }
}

function readHeader(line: string): ISegmentHeader | null {
  let header: unknown;
  try {
    header = JSON.parse(line);
  } catch {
    // No JSON, so it is no header.
    return null;
  }
  return typeof header === 'object' &&
    header !== null &&
    'labkeeperSpool' in header &&
    header.labkeeperSpool === 1 &&
    'seq' in header &&
    typeof header.seq === 'number' &&
    Number.isSafeInteger(header.seq) &&
    header.seq >= 0 &&
    'hash' in header &&
    typeof header.hash === 'string' &&
    HASH.test(header.hash) &&
    'serverId' in header &&
    typeof header.serverId === 'string' &&
    'openedAtMs' in header &&
    typeof header.openedAtMs === 'number'
    ? {
        after: { seq: header.seq, hash: header.hash },
        serverId: header.serverId,
        openedAtMs: header.openedAtMs
      }
    : null;
}
