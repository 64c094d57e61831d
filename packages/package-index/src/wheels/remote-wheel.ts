import { contentRange } from '../files/content-range.js';
import type { IRemoteFile } from '../files/remote-file.js';
import { readBody } from '../upstream/read-body.js';
import type { ReadAt } from './zip-reader.js';

/** What the reader of zip files looks at first; the list of files and METADATA of most wheels lie in there too. */
const TAIL_BYTES = 66 * 1024;
/** Other reads fetch at least so much: the next one is near. */
const BLOCK_BYTES = 64 * 1024;
/** More than the list of files of any wheel takes. */
const READ_BYTES = 32 * 1024 * 1024;

/** A wheel that lies at an upstream index, read in parts. */
export interface IRemoteWheel {
  readonly sizeBytes: number;
  readonly readAt: ReadAt;
}

/** Opens a wheel by its tail, with one request. @returns null = the index does not send parts. */
export async function openRemoteWheel(file: IRemoteFile): Promise<IRemoteWheel | null> {
  const answer = await file.fetch({ range: `bytes=-${TAIL_BYTES}` });
  const range = contentRange(answer.headers['content-range']);
  if (answer.status !== 206 || range === null || range.totalBytes === null) {
    answer.body.destroy();
    return null;
  }
  const sizeBytes = range.totalBytes;
  const blocks = [{ first: range.first, bytes: await readBody(answer, TAIL_BYTES) }];
  let readBytes = 0;
  const readAt: ReadAt = async (first, last) => {
    for (const { first: begin, bytes } of blocks) {
      if (first >= begin && last < begin + bytes.length) {
        return bytes.subarray(first - begin, last - begin + 1);
      }
    }
    const until = Math.min(sizeBytes - 1, Math.max(last, first + BLOCK_BYTES - 1));
    readBytes += until - first + 1;
    if (readBytes > READ_BYTES) {
      throw new Error('its list of files is larger than that of any usable wheel');
    }
    const bytes = await part(file, first, until);
    blocks.push({ first, bytes });
    return bytes.subarray(0, last - first + 1);
  };
  return { sizeBytes, readAt };
}

async function part(file: IRemoteFile, first: number, last: number): Promise<Buffer> {
  const answer = await file.fetch({ range: `bytes=${first}-${last}` });
  const range = contentRange(answer.headers['content-range']);
  if (answer.status !== 206 || range?.first !== first || range.last !== last) {
    answer.body.destroy();
    throw new Error(
      `the index ${file.index} answered with status ${answer.status} and other bytes than were asked for`
    );
  }
  const bytes = await readBody(answer, last - first + 1);
  if (bytes.length !== last - first + 1) {
    throw new Error(`the index ${file.index} sent fewer bytes than it said`);
  }
  return bytes;
}
