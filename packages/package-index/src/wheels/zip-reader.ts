import { PassThrough, type Readable } from 'node:stream';
import yauzl from 'yauzl';

/** Reads bytes of a zip file wherever it lies; both ends included. Rejects with one sentence. */
export type ReadAt = (first: number, last: number) => Promise<Buffer>;

/** What yauzl reads from, over a function that reads. */
export class ZipReader extends yauzl.RandomAccessReader {
  constructor(private readonly readAt: ReadAt) {
    super();
  }

  /** @param end - the first byte that is not wanted. */
  override _readStreamForRange(start: number, end: number): Readable {
    const stream = new PassThrough();
    this.readAt(start, end - 1).then(
      bytes => stream.end(bytes),
      (error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error)))
    );
    return stream;
  }
}
