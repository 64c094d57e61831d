import type { Recovery } from '@labkeeper/protocol';
import { codeOf, reasonOf } from '../failure.js';

/** Why a copy could not be made, or is not all of it. */
export type RecoveryProblem = NonNullable<Recovery['problem']>;

const PROBLEMS: readonly RecoveryProblem[] = [
  'file-changed',
  'file-missing',
  'journal-damaged',
  'not-writable',
  'disk-full',
  'unreadable'
];

/** Reads one; null = it is none. */
export function parseProblem(value: unknown): RecoveryProblem | null {
  return PROBLEMS.find(problem => problem === value) ?? null;
}

/** A recovery that ends without a copy: the run stays in the journal. */
export class RecoveryError extends Error {
  /** @param detail - what the system said, for the log. */
  constructor(
    readonly problem: RecoveryProblem,
    detail: string
  ) {
    super(detail);
    this.name = 'RecoveryError';
  }
}

/** What a failure to write beside a document is for the user. Anything that the system did not say is thrown on. */
export function writeFailure(error: unknown): RecoveryError {
  const code = codeOf(error);
  if (code === null) {
    throw error;
  }
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new RecoveryError(isFull ? 'disk-full' : 'not-writable', reasonOf(error));
}

/** What a failure to read a document is. Anything that the system did not say is thrown on. */
export function readFailure(error: unknown): RecoveryError {
  if (codeOf(error) === null) {
    throw error;
  }
  return new RecoveryError('unreadable', reasonOf(error));
}
