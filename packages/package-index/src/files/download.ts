import type { Hash } from 'node:crypto';
import { reasonOf } from '@labkeeper/core';
import type { OnIndexEvent } from '../index-event.js';
import { contentRange } from './content-range.js';
import type { DiskCache, IPart } from './disk-cache.js';
import { hashFor } from './file-hash.js';
import { cacheKeyOf, type IRemoteFile } from './remote-file.js';
import type { IHttpAnswer } from '../upstream/http-get.js';

/** Nobody gets the end of a file before its hash is known to be right. */
export const HELD_BACK_BYTES = 1024;
/** A broken connection to an upstream index is taken up again so often. */
const TRIES = 3;
/** So much is fetched to the end although nobody waits for it any more. */
const WORTH_FINISHING_BYTES = 16 * 1024 * 1024;
/** For a file whose size is not known, room is made in such steps. */
const STEP_BYTES = 8 * 1024 * 1024;

/** The end of a download. `spilled` = the disk did not take more: what is there may be read, the rest is fetched by each. */
export type DownloadState =
  | { readonly kind: 'coming' }
  | { readonly kind: 'done' }
  | { readonly kind: 'spilled' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface IDownloadOptions {
  readonly file: IRemoteFile;
  readonly cache: DiskCache;
  readonly onEvent: OnIndexEvent;
}

/**
 * One file on its way from an upstream index to the disk. All who want it read from the disk what is there already, each at
 * their own pace: nobody's slowness is held in memory.
 */
export class Download {
  constructor(private readonly options: IDownloadOptions) {
    this.hash = hashFor(options.file.hash);
    const begun = this.begin();
    this.ready = begun.then(() => undefined);
    this.ended = begun.then(answer => answer && this.run(answer).finally(() => this.end()));
  }

  /** Resolves when its size is known, or it failed. Never rejects. */
  readonly ready: Promise<void>;
  /** Resolves when nothing more comes. */
  readonly ended: Promise<unknown>;

  private async begin(): Promise<IHttpAnswer | null> {
    const { file } = this.options;
    try {
      const answer = await this.answer(0);
      const length = Number(answer.headers['content-length'] ?? Number.NaN);
      this.totalBytes = Number.isSafeInteger(length) ? length : null;
      return answer;
    } catch (error) {
      this.state = { kind: 'failed', reason: reasonOf(error) };
      this.tell(`${file.filename} cannot be fetched from the index ${file.index}: ${reasonOf(error)}`);
      return null;
    }
  }

  /** null = the upstream index does not say. */
  get sizeBytes(): number | null {
    return this.state.kind === 'done' ? this.writtenBytes : this.totalBytes;
  }

  get now(): DownloadState {
    return this.state;
  }

  /** Whether whoever comes now can still take a place among those who read. */
  get isOpen(): boolean {
    return !this.isOver && (this.state.kind === 'coming' || this.state.kind === 'done');
  }

  /** How far it may be read. */
  get readableBytes(): number {
    return this.state.kind === 'done' || this.state.kind === 'spilled'
      ? this.writtenBytes
      : Math.max(0, this.writtenBytes - HELD_BACK_BYTES);
  }

  /** How many read it now. */
  get readerCount(): number {
    return this.readers;
  }

  /** Of what is readable once it spilled: who then goes on alone begins with a copy. */
  get hashSoFar(): Hash {
    return this.hash.copy();
  }

  /** Takes a place among those who read. @returns what gives it back. */
  join(): () => Promise<void> {
    this.readers++;
    let isIn = true;
    return async () => {
      if (isIn) {
        isIn = false;
        this.readers--;
        if (this.readers === 0 && this.state.kind === 'coming' && !this.isNearlyDone()) {
          this.become({ kind: 'failed', reason: 'Nobody waits for it any more.' });
          this.abort.abort();
        }
        await this.closeUnused();
      }
    };
  }

  /** Resolves when more may be read, or the state is another one, or `signal` is aborted. */
  progress(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        this.sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.sleepers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
      if (signal.aborted) {
        wake();
      }
    });
  }

  /** Reads what is on the disk; `position` plus the buffer's length must lie within `readableBytes`. */
  async read(buffer: Buffer, position: number): Promise<number> {
    if (!this.part) {
      throw new Error('There is nothing on the disk.');
    }
    return (await this.part.handle.read(buffer, 0, buffer.length, position)).bytesRead;
  }

  private isNearlyDone(): boolean {
    const { totalBytes } = this;
    return totalBytes !== null && totalBytes - this.writtenBytes <= WORTH_FINISHING_BYTES;
  }

  private async run(first: IHttpAnswer): Promise<void> {
    const { file, cache } = this.options;
    this.reservedBytes = this.totalBytes ?? STEP_BYTES;
    this.part = await cache.begin(this.reservedBytes);
    if (this.part === null) {
      this.reservedBytes = 0;
      first.body.destroy();
      return this.become({ kind: 'spilled' });
    }
    try {
      let answer = first;
      for (let left = TRIES; !(await this.writeAll(answer, left === 0)); left--) {
        answer = await this.answer(this.writtenBytes);
      }
      if (this.state.kind === 'coming') {
        await this.check(this.part);
      }
    } catch (error) {
      this.become({ kind: 'failed', reason: reasonOf(error) });
      if (!this.abort.signal.aborted) {
        this.tell(`${file.filename} cannot be fetched from the index ${file.index}: ${reasonOf(error)}`);
      }
    }
  }

  /** @returns whether that was all; false = the connection broke, and may be taken up again. @throws when it may not. */
  private async writeAll({ body, url }: IHttpAnswer, isLast: boolean): Promise<boolean> {
    try {
      for await (const chunk of body) {
        const bytes: Buffer = chunk;
        if (!(await this.write(bytes))) {
          return true;
        }
      }
    } catch (error) {
      if (isLast || this.abort.signal.aborted || this.state.kind !== 'coming') {
        throw error;
      }
      return false;
    }
    if (this.totalBytes !== null && this.writtenBytes < this.totalBytes) {
      if (isLast) {
        throw new Error(`${url.host} sent only ${this.writtenBytes} of ${this.totalBytes} bytes.`);
      }
      return false;
    }
    return true;
  }

  /** @returns false = the disk takes no more. */
  private async write(bytes: Buffer): Promise<boolean> {
    const { cache } = this.options;
    const lacking = this.writtenBytes + bytes.length - this.reservedBytes;
    if (lacking > 0) {
      const step = this.totalBytes === null ? Math.max(lacking, STEP_BYTES) : lacking;
      if (!cache.reserve(step)) {
        this.become({ kind: 'spilled' });
        return false;
      }
      this.reservedBytes += step;
    }
    try {
      for (let done = 0; this.part && done < bytes.length;) {
        // A disk that is nearly full may take a part, and only then say so.
        const place = this.writtenBytes + done;
        done += (await this.part.handle.write(bytes, done, bytes.length - done, place)).bytesWritten;
      }
    } catch (error) {
      this.tell(
        `The cache of the package index cannot be written: ${reasonOf(error)}. Files are passed on without it.`
      );
      this.become({ kind: 'spilled' });
      return false;
    }
    this.hash.update(bytes);
    this.writtenBytes += bytes.length;
    this.wake();
    return true;
  }

  private async check(part: IPart): Promise<void> {
    const { file, cache, onEvent } = this.options;
    const actual = this.hash.digest('hex');
    const { hash } = file;
    if (hash && actual !== hash.digest) {
      const { index, project, filename } = file;
      onEvent({ kind: 'wrong-hash', index, project, filename, expected: hash.digest, actual });
      return this.become({ kind: 'failed', reason: WRONG_HASH });
    }
    // Who waits gets the end now; the disk takes its time.
    this.become({ kind: 'done' });
    // Without a hash nobody could say later whether it still is the same file, so it is not kept.
    if (hash) {
      const reserved = this.reservedBytes;
      this.reservedBytes = 0;
      this.isPlaced = true;
      await cache.finish(cacheKeyOf(file), part, this.writtenBytes, reserved);
    }
  }

  /** Nothing more comes: what is not whole is removed; who reads it still may. */
  private async end(): Promise<void> {
    this.isOver = true;
    if (this.part && !this.isPlaced) {
      const reserved = this.reservedBytes;
      this.reservedBytes = 0;
      await this.options.cache.drop(this.part, reserved);
    }
    await this.closeUnused();
  }

  private async closeUnused(): Promise<void> {
    if (this.part && this.readers === 0 && this.isOver) {
      const { handle } = this.part;
      this.part = null;
      try {
        await handle.close();
      } catch (error) {
        this.tell(`The cache of the package index cannot be written: ${reasonOf(error)}.`);
      }
    }
  }

  /** @param from - so many bytes are there already. @throws when the upstream index does not send what follows. */
  private async answer(from: number): Promise<IHttpAnswer> {
    const answer = await this.options.file.fetch({
      signal: this.abort.signal,
      ...(from > 0 && { range: `bytes=${from}-` })
    });
    return continued(answer, from);
  }

  private tell(message: string): void {
    const { index, project } = this.options.file;
    this.options.onEvent({ kind: 'trouble', index, project, message });
  }

  private become(state: DownloadState): void {
    this.state = state;
    this.wake();
  }

  private wake(): void {
    for (const wake of [...this.sleepers]) {
      wake();
    }
  }

  private readonly hash: Hash;
  private readonly abort = new AbortController();
  private readonly sleepers = new Set<() => void>();
  private state: DownloadState = { kind: 'coming' };
  private part: IPart | null = null;
  private totalBytes: number | null = null;
  private writtenBytes = 0;
  private reservedBytes = 0;
  private readers = 0;
  private isPlaced = false;
  private isOver = false;
}

export const WRONG_HASH =
  'What the index sent has another hash than it promised. Nothing of it was kept; tell your administrator.';

/** @throws when an answer does not hold the bytes from there on. */
export function continued(answer: IHttpAnswer, from: number): IHttpAnswer {
  const { status, headers, body, url } = answer;
  const isRight =
    from === 0 ? status === 200 : status === 206 && contentRange(headers['content-range'])?.first === from;
  if (!isRight) {
    body.destroy();
    throw new Error(
      status === 200
        ? `${url.host} cannot go on where it broke off.`
        : `${url.host} answered with status ${status}.`
    );
  }
  return answer;
}
