import { dirname } from 'node:path';
import type { RunId } from '@labkeeper/protocol';
import { codeOf, reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { NotOursError, readOwnFile, removeLeftovers, replaceOwnFile } from '../recorder/own-folder.js';
import { syncFolder } from './new-file.js';
import { parseBasis, type CopyBasis } from './prepared-copy.js';
import { parseProblem, writeFailure, type RecoveryProblem } from './recovery-error.js';

/** What the user wants to become of a recovered copy. */
export type Decision = 'restore' | 'keep-both' | 'discard';

/** A recovered copy that was made or is being made: so that a run never gets a second one. */
export interface IKnownCopy {
  readonly boot: string;
  readonly run: RunId;
  /** Where it is, by the path of the contents API. */
  readonly copyPath: string;
  /** What was written there. */
  readonly hash: string;
  readonly sizeBytes: number;
  /** It has its name; false = it was about to get it. */
  readonly isMade: boolean;
  readonly changedCells: number;
  readonly basis: CopyBasis;
  /** The document's own file when the copy was made; null = there was none. */
  readonly originalHash: string | null;
  readonly problem: RecoveryProblem | null;
  /** What is being done with it; null = nothing was decided. */
  readonly decision: Decision | null;
  /** While it takes the place of the original: its hash then, and where the original is kept. */
  readonly restoring: { readonly hash: string; readonly keptPath: string | null } | null;
}

/** Copies of runs that were never heard of again: the oldest go. */
const MOST_COPIES = 1000;
const STATE_BYTES = 4 * 1024 * 1024;

/** Remembers recovered copies in a small file that is replaced whole. */
export class RecoveryState {
  /**
   * @param path - of the file, in a folder of this user's own.
   * @param unique - tells this process's temporary files from others'.
   */
  constructor(
    private readonly path: string,
    private readonly unique: string,
    private readonly log: Log
  ) {}

  /**
   * Reads it. A file that is damaged counts as none: a second copy does less harm than none.
   *
   * @param nowMs - in ms since the Unix epoch, to tell what killed companions left.
   */
  async load(nowMs: number): Promise<void> {
    try {
      await removeLeftovers(this.path, nowMs);
      const value: unknown = JSON.parse((await readOwnFile(this.path, STATE_BYTES)).toString('utf8'));
      const copies = Array.isArray(value) ? value.map(parseCopy).filter(copy => copy !== null) : [];
      this.copies = new Map(copies.map(copy => [keyOf(copy), copy]));
    } catch (error) {
      if (codeOf(error) === null && !(error instanceof NotOursError) && !isSyntaxError(error)) {
        throw error;
      }
      if (codeOf(error) !== 'ENOENT') {
        this.log(`What was recovered before cannot be read: ${reasonOf(error)}`);
      }
    }
  }

  get(run: Pick<IKnownCopy, 'boot' | 'run'>): IKnownCopy | null {
    return this.copies.get(keyOf(run)) ?? null;
  }

  get all(): readonly IKnownCopy[] {
    return [...this.copies.values()];
  }

  /** It outlives the machine when this resolves. @throws RecoveryError. */
  async put(copy: IKnownCopy): Promise<void> {
    this.copies.delete(keyOf(copy));
    this.copies.set(keyOf(copy), copy);
    const [oldest] = this.copies.keys();
    if (this.copies.size > MOST_COPIES && oldest !== undefined) {
      this.copies.delete(oldest);
    }
    await this.write();
  }

  /** @throws RecoveryError. */
  async remove(run: Pick<IKnownCopy, 'boot' | 'run'>): Promise<void> {
    if (this.copies.delete(keyOf(run))) {
      await this.write();
    }
  }

  private async write(): Promise<void> {
    this.written += 1;
    try {
      await replaceOwnFile(this.path, JSON.stringify(this.all), `${this.unique}-${this.written}`);
    } catch (error) {
      throw writeFailure(error);
    }
    await syncFolder(dirname(this.path));
  }

  private copies = new Map<string, IKnownCopy>();
  private written = 0;
}

function keyOf({ boot, run }: Pick<IKnownCopy, 'boot' | 'run'>): string {
  return `${boot}/${run}`;
}

const DECISIONS: readonly Decision[] = ['restore', 'keep-both', 'discard'];

function parseCopy(value: unknown): IKnownCopy | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const { boot, run, copyPath, hash, sizeBytes, changedCells, isMade, originalHash } = fields;
  const basis = parseBasis(fields['basis']);
  if (
    typeof boot !== 'string' ||
    typeof run !== 'string' ||
    typeof copyPath !== 'string' ||
    typeof hash !== 'string' ||
    typeof sizeBytes !== 'number' ||
    typeof changedCells !== 'number' ||
    basis === null
  ) {
    return null;
  }
  return {
    boot,
    run,
    copyPath,
    hash,
    sizeBytes,
    changedCells,
    basis,
    isMade: isMade === true,
    originalHash: typeof originalHash === 'string' ? originalHash : null,
    problem: parseProblem(fields['problem']),
    decision: DECISIONS.find(known => known === fields['decision']) ?? null,
    restoring: parseRestoring(fields['restoring'])
  };
}

function parseRestoring(value: unknown): IKnownCopy['restoring'] {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const { hash, keptPath }: Readonly<Record<string, unknown>> = { ...value };
  return typeof hash === 'string' ? { hash, keptPath: typeof keptPath === 'string' ? keptPath : null } : null;
}

function isSyntaxError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'SyntaxError';
}
