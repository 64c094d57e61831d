import type { Hash } from 'node:crypto';
import { HELD_BACK_BYTES, WRONG_HASH, type Download } from './download.js';
import type { OnIndexEvent } from '../index-event.js';
import { IndexRefusal } from '../index-refusal.js';
import type { IRemoteFile } from './remote-file.js';
import { continued } from './resumed-body.js';

const CHUNK_BYTES = 64 * 1024;
/** With many readers each holds less. */
const SMALL_CHUNK_BYTES = 16 * 1024;
const MANY_READERS = 32;

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
    const readable = Math.min(download.readableBytes, endBytes ?? Infinity) - position;
    if (position === endBytes) {
      return;
    }
    if (readable > 0) {
      const most = download.readerCount > MANY_READERS ? SMALL_CHUNK_BYTES : CHUNK_BYTES;
      const buffer = Buffer.allocUnsafeSlow(Math.min(most, readable));
      const length = await download.read(buffer, position);
      if (length === 0) {
        throw notHad(file, 'The cache of the package index lost what it had. Try again.');
      }
      position += length;
      yield buffer.subarray(0, length);
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
