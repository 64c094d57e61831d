import type { Hash } from 'node:crypto';
import { reasonOf } from '@labkeeper/core';
import type { OnIndexEvent } from '../index-event.js';
import type { IHttpAnswer } from '../upstream/http-get.js';
import type { DiskCache } from './disk-cache.js';
import { hashFor } from './file-hash.js';
import { GrowingFile } from './growing-file.js';
import { cacheKeyOf, type IRemoteFile } from './remote-file.js';
import { fetchFrom, resumedBody } from './resumed-body.js';
import { SharedBlocks } from './shared-blocks.js';
import { Sleepers } from './sleepers.js';

/** Nobody gets the end of a file before its hash is known to be right. */
export const HELD_BACK_BYTES = 1024;
/** So much is fetched to the end although nobody waits for it any more. */
const WORTH_FINISHING_BYTES = 16 * 1024 * 1024;

export const WRONG_HASH =
  'What the index sent has another hash than it promised. Nothing of it was kept; tell your administrator.';

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
    return this.sleepers.sleep(signal);
  }

  /** Reads what is on the disk from `position` on, which must lie before `readableBytes`: as much as is good at once. */
  read(position: number): Promise<Buffer> {
    return this.blocks.read(position, this.readableBytes);
  }

  private async begin(): Promise<IHttpAnswer | null> {
    try {
      const answer = await fetchFrom(this.options.file, 0, this.abort.signal);
      const length = Number(answer.headers['content-length'] ?? Number.NaN);
      this.totalBytes = Number.isSafeInteger(length) ? length : null;
      return answer;
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  private async run(first: IHttpAnswer): Promise<void> {
    const { file, cache } = this.options;
    const { totalBytes } = this;
    this.growing = await GrowingFile.begin(cache, totalBytes, message => this.tell(message));
    if (this.growing === null) {
      first.body.destroy();
      return this.become({ kind: 'spilled' });
    }
    try {
      const { signal } = this.abort;
      for await (const bytes of resumedBody({ file, first, totalBytes, signal })) {
        if (!(await this.growing.write(bytes))) {
          return this.become({ kind: 'spilled' });
        }
        this.hash.update(bytes);
        this.writtenBytes = this.growing.writtenBytes;
        this.sleepers.wake();
      }
      if (this.state.kind === 'coming') {
        await this.check(this.growing);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private async check(growing: GrowingFile): Promise<void> {
    const { file, onEvent } = this.options;
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
      await growing.place(cacheKeyOf(file));
    }
  }

  /** Nothing more comes; who reads what is there still may. */
  private async end(): Promise<void> {
    this.isOver = true;
    await this.growing?.end();
    await this.closeUnused();
  }

  private async closeUnused(): Promise<void> {
    const { growing } = this;
    if (growing && this.readers === 0 && this.isOver) {
      this.growing = null;
      await growing.close();
    }
  }

  private isNearlyDone(): boolean {
    const { totalBytes } = this;
    return totalBytes !== null && totalBytes - this.writtenBytes <= WORTH_FINISHING_BYTES;
  }

  private fail(error: unknown): void {
    const { filename, index } = this.options.file;
    this.become({ kind: 'failed', reason: reasonOf(error) });
    if (!this.abort.signal.aborted) {
      this.tell(`${filename} cannot be fetched from the index ${index}: ${reasonOf(error)}`);
    }
  }

  private tell(message: string): void {
    const { index, project } = this.options.file;
    this.options.onEvent({ kind: 'trouble', index, project, message });
  }

  private become(state: DownloadState): void {
    this.state = state;
    this.sleepers.wake();
  }

  private readonly hash: Hash;
  private readonly abort = new AbortController();
  private readonly sleepers = new Sleepers();
  private readonly blocks = new SharedBlocks(async (buffer, position) => {
    if (!this.growing) {
      throw new Error('There is nothing on the disk.');
    }
    return this.growing.read(buffer, position);
  });
  private state: DownloadState = { kind: 'coming' };
  private growing: GrowingFile | null = null;
  private totalBytes: number | null = null;
  private writtenBytes = 0;
  private readers = 0;
  private isOver = false;
}
