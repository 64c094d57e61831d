import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { IExportSource } from '@labkeeper/core';
import { EXPORT_LINE_BYTES } from '@labkeeper/protocol';
import { InputError } from './input-error.js';

/** So much is read at once, in bytes. */
const BLOCK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** A file that is read in blocks, forwards or backwards. Blocking: the program has nothing else to do. */
export class InputFile implements IExportSource {
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

  /**
   * From the first byte to the last, or those of [from, to). What was added since it was opened does not come. A block is good
   * until the next one.
   *
   * @throws InputError.
   */
  *blocks(from = 0, to = this.bytes): Generator<Uint8Array> {
    const block = Buffer.allocUnsafe(Math.max(0, Math.min(BLOCK_BYTES, to - from)));
    for (let at = from; at < to; at += BLOCK_BYTES) {
      const length = Math.min(BLOCK_BYTES, to - at);
      this.read(block, at, length);
      yield block.subarray(0, length);
    }
  }

  /**
   * Its lines, or those of [from, to), from the last one to the first, without their newlines. At one that is longer than any
   * of an export it stops.
   *
   * @throws InputError.
   */
  *linesBackwards(from = 0, to = this.bytes): Generator<Uint8Array> {
    let rest = Buffer.alloc(0);
    let isLast = true;
    for (let at = to; at > from && rest.length <= EXPORT_LINE_BYTES;) {
      const length = Math.min(BLOCK_BYTES, at - from);
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
    if (rest.length > 0 && rest.length <= EXPORT_LINE_BYTES) {
      yield rest;
    }
  }

  /** The whole of a small file. @throws InputError when it is longer. */
  text(maxBytes: number): string {
    if (this.bytes > maxBytes) {
      throw new InputError(`${this.path} is longer than ${maxBytes} bytes.`);
    }
    const text = Buffer.alloc(this.bytes);
    let at = 0;
    for (const block of this.blocks()) {
      text.set(block, at);
      at += block.length;
    }
    return text.toString('utf8');
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** @throws InputError where so much is not there any more. */
  private read(into: Buffer, at: number, length: number): void {
    for (let done = 0; done < length;) {
      const read = this.attempt(() => readSync(this.descriptor, into, done, length - done, at + done));
      if (read === 0) {
        throw new InputError(`${this.path} got shorter while it was read.`);
      }
      done += read;
    }
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
