import { crc32 } from 'node:zlib';

/** Longest record, in bytes: a bigger length in a file is garbage. */
export const RECORD_BYTES = 16 * 1024;

const HEADER_BYTES = 8;

/** One record as it lies in a file: length (u32, little end first), CRC-32 of the text (the same), the text. */
export function encodeFrame(text: string): Buffer {
  const body = Buffer.from(text, 'utf8');
  if (body.length === 0 || body.length > RECORD_BYTES) {
    throw new RangeError(`A record of ${body.length} bytes; it may have 1 to ${RECORD_BYTES}.`);
  }
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  frame.writeUInt32LE(body.length, 0);
  frame.writeUInt32LE(crc32(body), 4);
  body.copy(frame, HEADER_BYTES);
  return frame;
}

/**
 * All whole records of a file, in order. What is torn, overwritten or filled with zeros is skipped byte by byte until
 * a record fits again: a length in range whose text has the right CRC.
 */
export function decodeFrames(file: Buffer): { readonly texts: string[]; readonly skippedBytes: number } {
  const texts: string[] = [];
  let skippedBytes = 0;
  let at = 0;
  while (at + HEADER_BYTES < file.length) {
    const length = file.readUInt32LE(at);
    const end = at + HEADER_BYTES + length;
    const body =
      length > 0 && length <= RECORD_BYTES && end <= file.length
        ? file.subarray(at + HEADER_BYTES, end)
        : null;
    if (body && crc32(body) === file.readUInt32LE(at + 4)) {
      texts.push(body.toString('utf8'));
      at = end;
    } else {
      skippedBytes += 1;
      at += 1;
    }
  }
  return { texts, skippedBytes: skippedBytes + (file.length - at) };
}
