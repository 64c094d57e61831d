import { FRAME_HEADER_BYTES, frameAt } from '../recorder/frame.js';

/** What lies in a segment, in its order. */
export type Scanned =
  | {
      readonly kind: 'frame';
      readonly at: number;
      readonly end: number;
      /** With length and checksum. */
      readonly bytes: Buffer;
      readonly body: Buffer;
    }
  /** Bytes that are no frame, with a frame behind them. */
  | { readonly kind: 'damage'; readonly at: number; readonly bytes: number };

/** How a segment ends. */
export interface ITail {
  /** Bytes behind the last frame. */
  readonly bytes: number;
  /**
   * They are the beginning of frames, with zeros behind it where the file had grown before its bytes came: a machine
   * stopped while it wrote, and nobody was told that they were safe. False = they were something else once.
   */
  readonly torn: boolean;
}

/**
 * Finds the frames of a file that comes in pieces, holding no more of it than the longest frame takes. What is no frame
 * is skipped byte by byte until one fits again: a length in range and the right CRC. In records, which are text, none can
 * begin by chance: the highest byte of a length is zero.
 */
export class FrameScanner {
  /**
   * @param limitBytes - longest body of a frame.
   * @param startAt - where the first piece lies in its file.
   */
  constructor(
    private readonly limitBytes: number,
    startAt: number
  ) {
    this.restAt = startAt;
    this.frameEnd = startAt;
  }

  /** Takes the next piece and gives what is sure by now. Bodies are valid until the next call. */
  push(piece: Buffer): Generator<Scanned> {
    this.rest = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    return this.scan(false);
  }

  /** Gives what is left, when there are no more pieces; after that `tail` is known. */
  end(): Generator<Scanned> {
    return this.scan(true);
  }

  get tail(): ITail {
    const bytes = this.restAt - this.frameEnd;
    const promised = this.header.length < FRAME_HEADER_BYTES ? 0 : this.header.readUInt32LE(0);
    const begun =
      this.header.length < FRAME_HEADER_BYTES ||
      (promised > 0 && promised <= this.limitBytes && FRAME_HEADER_BYTES + promised > bytes);
    // No record ends in a zero: they are text.
    return { bytes, torn: bytes > 0 && (begun || this.endsInZero) };
  }

  private *scan(atEnd: boolean): Generator<Scanned> {
    let at = 0;
    while (at < this.rest.length) {
      const body = frameAt(this.rest, at, this.limitBytes);
      if (body === 'cut' && !atEnd) {
        break;
      }
      if (body === 'cut' || body === null) {
        this.skip(at);
        at += 1;
        continue;
      }
      const start = this.restAt + at;
      const end = start + FRAME_HEADER_BYTES + body.length;
      if (start > this.frameEnd) {
        yield { kind: 'damage', at: this.frameEnd, bytes: start - this.frameEnd };
      }
      const bytes = this.rest.subarray(at, at + end - start);
      at += bytes.length;
      this.frameEnd = end;
      yield { kind: 'frame', at: start, end, bytes, body };
    }
    this.restAt += at;
    this.rest = this.rest.subarray(at);
  }

  /** Notes what is needed to tell a torn end from a damaged one. */
  private skip(at: number): void {
    if (this.restAt + at === this.frameEnd) {
      this.header = Buffer.from(this.rest.subarray(at, at + FRAME_HEADER_BYTES));
    }
    this.endsInZero = this.rest[at] === 0;
  }

  private rest: Buffer = Buffer.alloc(0);
  /** Where `rest` lies in the file. */
  private restAt: number;
  /** Where the last frame ended. */
  private frameEnd: number;
  /** The first bytes behind the last frame. */
  private header: Buffer = Buffer.alloc(0);
  private endsInZero = false;
}
