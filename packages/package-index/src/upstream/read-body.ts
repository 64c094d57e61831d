import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { IHttpAnswer } from './http-get.js';

/** A body is larger than it may be. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress
};

/** The whole body, decompressed. What unpacks to more than `limitBytes` ends there. @throws BodyTooLargeError */
export async function readBody(answer: IHttpAnswer, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(answer, limitBytes)) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body as it comes, decompressed. What unpacks to more than `limitBytes` ends there. @throws BodyTooLargeError */
export async function* chunksOf(answer: IHttpAnswer, limitBytes: number): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const chunk of decoded(answer)) {
    const bytes: Buffer = chunk;
    length += bytes.length;
    if (length > limitBytes) {
      // Leaving the loop destroys the stream.
      throw new BodyTooLargeError(`It is larger than ${Math.round(limitBytes / 1e6)} MB.`);
    }
    yield bytes;
  }
}

function decoded({ body, headers }: IHttpAnswer): Readable {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  const decoder = DECODERS[encoding];
  if (!decoder) {
    return body;
  }
  // What goes wrong is thrown where the decoded bytes are read.
  return pipeline(body, decoder(), () => undefined);
}
