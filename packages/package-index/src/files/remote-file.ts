import { createHash } from 'node:crypto';
import type { IExpectedHash } from './file-hash.js';
import type { IHttpAnswer } from '../upstream/http-get.js';

/** A file of an upstream index, and how its bytes are had. */
export interface IRemoteFile {
  /** Id of the index. */
  readonly index: string;
  readonly project: string;
  readonly filename: string;
  readonly hash: IExpectedHash | null;
  /** As the index tells it; null = it does not. */
  readonly sizeBytes: number | null;
  /** Rejects when there is no answer in time. */
  fetch(options?: IFetchOptions): Promise<IHttpAnswer>;
}

export interface IFetchOptions {
  /** Value of a Range header. */
  readonly range?: string;
  /** What lies beside the file at the same address (PEP 658). */
  readonly suffix?: '.metadata';
  readonly signal?: AbortSignal;
}

/** Files with the same hash are one file in the cache, wherever they come from. */
export function cacheKeyOf({ index, project, filename, hash }: Omit<IRemoteFile, 'fetch'>): string {
  if (hash?.algorithm === 'sha256') {
    return hash.digest;
  }
  const name = JSON.stringify([index, project, filename, hash?.algorithm ?? null, hash?.digest ?? null]);
  return `n-${createHash('sha256').update(name).digest('hex')}`;
}
