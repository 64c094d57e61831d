import { isUtf8 } from 'node:buffer';
import { BATCH_RECORDS, BatchHead, RECORD_BYTES } from '@labkeeper/protocol';
import * as v from 'valibot';
import { sha256Hex } from '../sha256.js';
import type { IIncomingBatch, ISpeaker } from '../store/log-writer.js';
import { isServiceStream } from '../store/service-stream.js';
import { isShallow } from './json-depth.js';
import { otherProtocol } from './other-protocol.js';
import { readPair } from './read-record.js';

/** What a body was found to be. */
export type ReadBatch =
  | { readonly kind: 'batch'; readonly batch: IIncomingBatch }
  /** @see HubRefusal */
  | { readonly kind: 'malformed' | 'protocol' | 'too-large'; readonly message: string };

const NEWLINE = 0x0a;
/** How a batch of a stream that the service writes itself is refused. */
export const OWN_STREAM = "This stream is the service's own: no server writes there.";
/** The head is an object of plain values. */
const HEAD_DEPTH = 2;
const HEAD_BYTES = 1024;
/**
 * Longest line that is kept as it came: a later version's record may be longer than ours. What is longer is no record, and
 * whoever reads a thousand of them at once would have no memory left.
 */
const LINE_BYTES = 2 * RECORD_BYTES;

/**
 * Reads a batch from the bytes that came, and checks its chain: each record that can be read holds the hash of the line
 * before it, and its own place. What cannot be read is kept as it is; its hash counts all the same.
 *
 * @param ownStream - what the service's own streams are called; nobody else's is.
 */
export function readBatch(speaker: ISpeaker, body: Buffer, ownStream?: string): ReadBatch {
  const lines = splitLines(body);
  const [headLine, ...pairs] = lines ?? [];
  if (headLine === undefined) {
    return malformed('This is no batch: it must be lines that end with a newline, and not too many.');
  }
  const head = readHead(headLine);
  if ('kind' in head) {
    return head;
  }
  if (isServiceStream(head.boot)) {
    return malformed(OWN_STREAM);
  }
  if (pairs.length !== 2 * head.count) {
    return malformed(`The batch says ${head.count} records, but ${pairs.length} lines follow.`);
  }
  if (head.boot === ownStream) {
    return malformed("This stream is the service's own: no server writes there.");
  }
  if (!Number.isSafeInteger(head.first + head.count)) {
    return malformed('The sequence numbers of this batch are too large.');
  }
  const records: IIncomingBatch['records'][number][] = [];
  let previous = head.prev;
  for (let i = 0; i < head.count; i++) {
    const [recordLine, personalLine] = [pairs[2 * i], pairs[2 * i + 1]];
    if (recordLine === undefined || personalLine === undefined) {
      return malformed('A line of the batch is missing.');
    }
    if (recordLine.length > LINE_BYTES) {
      return { kind: 'too-large', message: `A record may be ${LINE_BYTES} bytes long at the most.` };
    }
    const seq = head.first + i;
    const { record, incoming } = readPair(seq, recordLine, personalLine);
    if (record !== null && (record.boot !== head.boot || record.seq !== seq || record.prev !== previous)) {
      return malformed(`The record at place ${seq} does not follow the one before it in this stream.`);
    }
    records.push(incoming);
    previous = sha256Hex(recordLine);
  }
  return {
    kind: 'batch',
    batch: { speaker, boot: head.boot, first: head.first, prev: head.prev, head: previous, records }
  };
}

/** @returns null = the last line has no end, or there are more than a batch has. */
function splitLines(body: Buffer): Buffer[] | null {
  const lines: Buffer[] = [];
  let from = 0;
  while (from < body.length) {
    const end = body.indexOf(NEWLINE, from);
    if (end < 0 || lines.length > 2 * BATCH_RECORDS) {
      return null;
    }
    lines.push(body.subarray(from, end));
    from = end + 1;
  }
  return lines;
}

function readHead(line: Buffer): BatchHead | Exclude<ReadBatch, { kind: 'batch' }> {
  const json = line.length <= HEAD_BYTES && isUtf8(line) ? parse(line.toString('utf8')) : undefined;
  const head = v.safeParse(BatchHead, json);
  if (head.success) {
    return head.output;
  }
  const message = otherProtocol(json);
  return message === null
    ? malformed('The first line of the batch is not the head of one.')
    : { kind: 'protocol', message };
}

/** @returns undefined = it is no JSON, or too deep. */
function parse(text: string): unknown {
  if (!isShallow(text, HEAD_DEPTH)) {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(message: string): ReadBatch & { kind: 'malformed' } {
  return { kind: 'malformed', message };
}
