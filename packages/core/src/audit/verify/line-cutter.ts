import { EXPORT_LINE_BYTES } from '@labkeeper/protocol';
import type { IRunningHash } from './tools.js';

const NEWLINE = 0x0a;

/** Who takes the lines of a file. */
export interface ILineTaker {
  /** @param line - without its newline; only good until this returns. */
  line(line: Uint8Array): void;
  /** A line that is longer than any of an export. */
  longLine(): void;
}

/**
 * Cuts the bytes of a file into lines and hashes them as they pass. Holds one line at most, and none that is longer than
 * a line of an export can be.
 */
export class LineCutter {
  /** @param hash - gets every byte, in order. */
  constructor(
    private readonly hash: IRunningHash,
    private readonly taker: ILineTaker,
    private readonly maxBytes = EXPORT_LINE_BYTES
  ) {}

  /** The next bytes. They may be overwritten when this has returned. */
  push(block: Uint8Array): void {
    const rest = this.isSkipping ? this.skip(block) : block;
    const known = this.restBytes;
    this.bytes = this.joined(rest);
    this.hashedTo = 0;
    this.lineFrom = 0;
    // What was there has no newline: it has been looked through.
    for (let from = known; ; from = this.lineFrom) {
      const end = this.bytes.indexOf(NEWLINE, from);
      if (end === -1) {
        break;
      }
      this.give(this.bytes.subarray(this.lineFrom, end));
      this.lineFrom = end + 1;
    }
    this.hashTo(this.lineFrom);
    this.keep(this.bytes.subarray(this.lineFrom));
  }

  /** SHA-256 of every byte before the line that is just being taken, hexadecimal. */
  hexBefore(): string {
    this.hashTo(this.lineFrom);
    return this.hash.hexSoFar();
  }

  /** Whether bytes stand after the last newline: a file that ends in order has none. */
  get isTorn(): boolean {
    return this.restBytes > 0 || this.isSkipping;
  }

  private give(line: Uint8Array): void {
    if (line.length > this.maxBytes) {
      this.taker.longLine();
    } else {
      this.taker.line(line);
    }
  }

  /** The rest of a line that is too long is hashed and passed over. */
  private skip(block: Uint8Array): Uint8Array {
    const end = block.indexOf(NEWLINE);
    const next = end === -1 ? block.length : end + 1;
    this.hash.update(block.subarray(0, next));
    this.isSkipping = end === -1;
    return block.subarray(next);
  }

  /** What is left of the blocks before, and this one, in memory that is used again for the next. */
  private joined(block: Uint8Array): Uint8Array {
    const length = this.restBytes + block.length;
    if (this.buffer.length < length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.buffer.subarray(0, this.restBytes));
      this.buffer = larger;
    }
    this.buffer.set(block, this.restBytes);
    return this.buffer.subarray(0, length);
  }

  private keep(rest: Uint8Array): void {
    if (rest.length > this.maxBytes) {
      this.taker.longLine();
      this.hash.update(rest);
      this.isSkipping = true;
      this.restBytes = 0;
    } else {
      this.buffer.copyWithin(0, this.lineFrom, this.lineFrom + rest.length);
      this.restBytes = rest.length;
    }
  }

  private hashTo(end: number): void {
    if (end > this.hashedTo) {
      this.hash.update(this.bytes.subarray(this.hashedTo, end));
      this.hashedTo = end;
    }
  }

  private buffer = new Uint8Array(0);
  /** So many bytes at the beginning of the buffer are a line without an end. */
  private restBytes = 0;
  /** The part of the buffer that is looked through. */
  private bytes: Uint8Array = this.buffer;
  private lineFrom = 0;
  private hashedTo = 0;
  private isSkipping = false;
}
