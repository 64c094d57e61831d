import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { InputError } from './input-error.js';

/** So much is read at once, in bytes. */
const BLOCK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** A file that is read in blocks, forwards or backwards. Blocking: the program has nothing else to do. */
export class InputFile {
  /** @throws InputError. */
  constructor(readonly path: string) {
    this.descriptor = this.attempt(() => openSync(path, 'r'));
    const about = this.attempt(() => fstatSync(this.descriptor));
    if (!about.isFile()) {
      closeSync(this.descriptor);
      throw new InputError(`${path} is not a file; its end has to be read before its beginning.`);
    }
    this.bytes = about.size;
  }

  /** Length in bytes, when it was opened. */
  readonly bytes: number;

  /** From the first byte to the last. A block is good until the next one. @throws InputError. */
  *blocks(): Generator<Uint8Array> {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    for (let at = 0; ;) {
      const length = this.read(block, at, BLOCK_BYTES);
      if (length === 0) {
        return;
      }
      yield block.subarray(0, length);
      at += length;
    }
  }

  /**
   * Its lines from the last one to the first, without their newlines.
   *
   * @param maxBytes - at a longer line it stops.
   * @throws InputError.
   */
  *linesBackwards(maxBytes: number): Generator<Uint8Array> {
    let rest = Buffer.alloc(0);
    let isLast = true;
    for (let at = this.bytes; at > 0 && rest.length <= maxBytes;) {
      const length = Math.min(BLOCK_BYTES, at);
      at -= length;
      const block = Buffer.allocUnsafe(length);
      this.read(block, at, length);
      const data = Buffer.concat([block, rest]);
      let end = data.length;
      if (isLast && data[end - 1] === NEWLINE) {
        end -= 1;
      }
      isLast = false;
      for (let newline = data.lastIndexOf(NEWLINE, end - 1); newline !== -1 && end > 0;) {
        yield data.subarray(newline + 1, end);
        end = newline;
        newline = end === 0 ? -1 : data.lastIndexOf(NEWLINE, end - 1);
      }
      rest = data.subarray(0, end);
    }
    if (rest.length > 0 && rest.length <= maxBytes) {
      yield rest;
    }
  }

  /** The whole of a small file. @throws InputError when it is longer. */
  text(maxBytes: number): string {
    if (this.bytes > maxBytes) {
      throw new InputError(`${this.path} is longer than ${maxBytes} bytes.`);
    }
    return Buffer.concat([...this.blocks()].map(block => Buffer.from(block))).toString('utf8');
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private read(into: Buffer, at: number, length: number): number {
    return this.attempt(() => readSync(this.descriptor, into, 0, length, at));
  }

  private attempt<Value>(action: () => Value): Value {
    try {
      return action();
    } catch (error) {
      throw new InputError(`${this.path} cannot be read: ${reasonOf(error)}.`, { cause: error });
    }
  }

  private readonly descriptor: number;
}

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'you may not read it';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
