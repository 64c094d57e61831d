import { crc32 } from 'node:zlib';

/** Longest record of the flight recorder, in bytes: a bigger length in a file is garbage. */
export const RECORD_BYTES = 16 * 1024;

/** What a frame adds to its body. */
export const FRAME_HEADER_BYTES = 8;

/** One record of the flight recorder as it lies in a file: see `frameOf`. */
export function encodeFrame(text: string): Buffer {
  return frameOf([], Buffer.from(text, 'utf8'), RECORD_BYTES);
}

/**
 * A body as it lies in a file: length (u32, little end first), CRC-32 of the body (the same), the body.
 *
 * @param head - the body's first bytes.
 * @param rest - what follows them.
 * @param limitBytes - longest body that readers take.
 */
export function frameOf(head: readonly number[], rest: Buffer, limitBytes: number): Buffer {
  const length = head.length + rest.length;
  if (length === 0 || length > limitBytes) {
    throw new RangeError(`A record of ${length} bytes; it may have 1 to ${limitBytes}.`);
  }
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
  frame.set(head, FRAME_HEADER_BYTES);
  rest.copy(frame, FRAME_HEADER_BYTES + head.length);
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEADER_BYTES)), 4);
  return frame;
}

/**
 * The body of the frame that begins at `at`: a length in range, and the right CRC.
 *
 * @returns null = none begins there; 'cut' = one may, but `file` ends before its end.
 */
export function frameAt(file: Buffer, at: number, limitBytes: number): Buffer | 'cut' | null {
  if (at + FRAME_HEADER_BYTES > file.length) {
    return 'cut';
  }
  const length = file.readUInt32LE(at);
  if (length === 0 || length > limitBytes) {
    return null;
  }
  const start = at + FRAME_HEADER_BYTES;
  if (start + length > file.length) {
    return 'cut';
  }
  const body = file.subarray(start, start + length);
  return crc32(body) === file.readUInt32LE(at + 4) ? body : null;
}

/**
 * All whole records of a flight recorder's file, in order. What is torn, overwritten or filled with zeros is skipped byte by byte until
 * a record fits again.
 */
export function decodeFrames(file: Buffer): { readonly texts: string[]; readonly skippedBytes: number } {
  const texts: string[] = [];
  let skippedBytes = 0;
  let at = 0;
  while (at < file.length) {
    const body = frameAt(file, at, RECORD_BYTES);
    if (body !== null && body !== 'cut') {
      texts.push(body.toString('utf8'));
      at += FRAME_HEADER_BYTES + body.length;
    } else {
      skippedBytes += 1;
      at += 1;
    }
  }
  return { texts, skippedBytes };
}
