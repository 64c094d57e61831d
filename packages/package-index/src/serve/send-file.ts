import { finished } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { requestedRange, type IByteRange } from '../files/content-range.js';
import type { IOpenFile } from '../files/file-source.js';
import { IndexRefusal } from '../index-refusal.js';
import type { IAskedFile } from './file-route.js';

/** Sends a file, or the range of it that is asked for. @throws IndexRefusal */
export async function sendFile(asked: IAskedFile): Promise<FastifyReply> {
  const { index, reply, remote, listed, isHead, tell } = asked;
  reply.header('accept-ranges', 'bytes').type('application/octet-stream');
  if (isHead) {
    if (listed.sizeBytes !== null) {
      reply.header('content-length', listed.sizeBytes);
    }
    return reply.send();
  }
  const opened = await index.files.open(remote);
  const { sizeBytes } = opened;
  const range = await rangeOf(asked, opened);
  if (range && sizeBytes !== null) {
    reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${sizeBytes}`);
  }
  const lengthBytes = range ? range.last - range.first + 1 : sizeBytes;
  if (lengthBytes !== null) {
    reply.header('content-length', lengthBytes);
  }
  const { stream, sentBytes } = opened.read(range);
  let isFailed = false;
  stream.once('error', () => (isFailed = true));
  finished(reply.raw, error => tell(isFailed ? 'failed' : error ? 'cut' : 'served', sentBytes()));
  return reply.send(stream);
}

/** @returns null = the whole is sent. @throws IndexRefusal */
async function rangeOf({ range, reply }: IAskedFile, opened: IOpenFile): Promise<IByteRange | null> {
  const { sizeBytes, isChecked } = opened;
  const wanted = sizeBytes === null ? null : requestedRange(range, sizeBytes);
  if (wanted === 'unsatisfiable') {
    await opened.close();
    reply.header('content-range', `bytes */${sizeBytes}`);
    throw new IndexRefusal(416, 'The file is shorter.', `It has ${sizeBytes} bytes.`);
  }
  // Whoever takes a piece has no end to wait for, so a piece is given only of what is known to be right.
  return wanted && (isChecked || wanted.last + 1 === sizeBytes) ? wanted : null;
}
