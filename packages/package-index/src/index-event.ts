import type { IDecision } from './decision.js';

/** A file that a page showed as blocked. */
export interface IBlockedFile {
  readonly filename: string;
  readonly version: string | null;
  readonly decision: IDecision['decision'];
  readonly rule: string | null;
}

/** The page of a project was asked for; told before it is answered. */
export interface IPageEvent {
  readonly kind: 'page';
  readonly who: string;
  readonly project: string;
  readonly outcome: 'served' | 'unchanged';
  readonly policyVersion: string;
  /** What policy kept from the asker: the first 2000 files. */
  readonly blocked: readonly IBlockedFile[];
  /** How many it kept in all. */
  readonly blockedCount: number;
  /** Epoch ms at which the upstream index last said so; null = lately enough. */
  readonly staleSinceMs: number | null;
}

/** A file, its metadata or its provenance went out, or was kept. */
export interface IFileEvent {
  readonly kind: 'file' | 'metadata' | 'provenance';
  readonly who: string;
  readonly project: string;
  readonly version: string | null;
  readonly filename: string;
  /** null = the upstream index tells none. */
  readonly sha256: string | null;
  /** `cut` = the connection ended before the last byte; `failed` = it could not be had. */
  readonly outcome: 'served' | 'unchanged' | 'cut' | 'refused' | 'failed';
  readonly sentBytes: number;
  readonly policyVersion: string;
  readonly decision: IDecision['decision'];
  readonly rule: string | null;
}

/** What came is not what the index promised. Nobody got the end of it, and nothing of it was kept. */
export interface IWrongHashEvent {
  readonly kind: 'wrong-hash';
  readonly index: string;
  readonly project: string;
  readonly filename: string;
  readonly expected: string;
  readonly actual: string;
}

/** Something is wrong with an upstream index, a file of it, or the cache's disk. */
export interface ITroubleEvent {
  readonly kind: 'trouble';
  readonly index: string | null;
  readonly project: string | null;
  /** A sentence. */
  readonly message: string;
}

export type IndexEvent = IPageEvent | IFileEvent | IWrongHashEvent | ITroubleEvent;

/** Hears what happened, at once. Must not throw: whoever records waits elsewhere. */
export type OnIndexEvent = (event: IndexEvent) => void;
