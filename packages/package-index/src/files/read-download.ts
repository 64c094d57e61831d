import type { Hash } from 'node:crypto';
import { HELD_BACK_BYTES, WRONG_HASH, type Download } from './download.js';
import type { OnIndexEvent } from '../index-event.js';
import { IndexRefusal } from '../index-refusal.js';
import type { IRemoteFile } from './remote-file.js';
import { continued } from './resumed-body.js';
import { BLOCK_BYTES } from './shared-blocks.js';

/** With so many readers, all wait for whole blocks, so that they read the same. */
const MANY_READERS = 8;

export interface IReadDownloadOptions {
  readonly download: Download;
  readonly file: IRemoteFile;
  /** First byte that is wanted. */
  readonly first: number;
  /** The first that is not; null = it goes on to the end. What is not checked yet must. */
  readonly endBytes: number | null;
  readonly onEvent: OnIndexEvent;
  readonly signal: AbortSignal;
}

/** The bytes of a download as they come; its end only when the hash is right. @throws IndexRefusal */
export async function* readDownload(options: IReadDownloadOptions): AsyncGenerator<Buffer> {
  const { download, file, endBytes, signal } = options;
  let position = options.first;
  while (!signal.aborted) {
    const { now } = download;
    const until = Math.min(endOfReadable(download), endBytes ?? Infinity);
    if (position === endBytes) {
      return;
    }
    if (position < until) {
      const bytes = (await download.read(position)).subarray(0, until - position);
      if (bytes.length === 0) {
        throw notHad(file, 'The cache of the package index lost what it had. Try again.');
      }
      position += bytes.length;
      yield bytes;
    } else if (now.kind === 'coming') {
      await download.progress(signal);
    } else if (now.kind === 'failed') {
      throw notHad(file, now.reason);
    } else {
      if (now.kind === 'spilled') {
        yield* passOn(options, position);
      }
      return;
    }
  }
}

/** How far it is worth reading now. */
function endOfReadable({ now, readableBytes, readerCount }: Download): number {
  const isForAll = now.kind === 'coming' && readerCount > MANY_READERS;
  return isForAll ? readableBytes - (readableBytes % BLOCK_BYTES) : readableBytes;
}

/** The rest of a file that the disk did not take, from the upstream index to this one reader. */
async function* passOn(options: IReadDownloadOptions, position: number): AsyncGenerator<Buffer> {
  const { download, file, signal } = options;
  const from = download.readableBytes;
  const answer = await file.fetch({ signal, ...(from > 0 && { range: `bytes=${from}-` }) });
  // An upstream index that knows no ranges sends all again.
  let skipBytes = answer.status === 200 ? from : 0;
  const hash = download.hashSoFar;
  const { body } = answer.status === 200 ? answer : continued(answer, from);
  let at = from;
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    const bytes: Buffer = chunk;
    const fresh = bytes.subarray(Math.min(skipBytes, bytes.length));
    skipBytes -= bytes.length - fresh.length;
    hash.update(fresh);
    // What lies before the reader's place counts for the hash alone.
    held = Buffer.concat([held, fresh.subarray(Math.min(fresh.length, Math.max(0, position - at)))]);
    at += fresh.length;
    if (held.length > HELD_BACK_BYTES) {
      const out = held.subarray(0, held.length - HELD_BACK_BYTES);
      held = held.subarray(out.length);
      yield out;
    }
  }
  check(options, hash);
  yield held;
}

/** @throws when it is not what the index promised. */
function check({ file, onEvent }: IReadDownloadOptions, hash: Hash): void {
  const actual = hash.digest('hex');
  if (file.hash && actual !== file.hash.digest) {
    const { index, project, filename } = file;
    onEvent({ kind: 'wrong-hash', index, project, filename, expected: file.hash.digest, actual });
    throw notHad(file, WRONG_HASH);
  }
}

/** What is said when a file does not come, or not as it should. */
export function notHad({ filename, index }: IRemoteFile, reason: string): IndexRefusal {
  return new IndexRefusal(502, `${filename} cannot be had from the index ${index}.`, reason);
}
