import { lstat, rm } from 'node:fs/promises';
import { basename, dirname, relative, sep } from 'node:path';
import type { IEarlierRun } from '../journal/earlier-run.js';
import { documentPath } from './document-path.js';
import { syncFolder } from './new-file.js';
import { hashOfFile } from './plain-file.js';
import type { IPreparedCopy, Prepared } from './prepared-copy.js';
import { freeName, isThere, takeFreeName } from './publish-copy.js';
import { readFailure, writeFailure } from './recovery-error.js';
import type { IKnownCopy, RecoveryState } from './recovery-state.js';

export interface ICopyMakerOptions {
  readonly state: RecoveryState;
  /** jupyter_server's root folder, absolute. */
  readonly rootDir: string;
  /** Makes the copy under its temporary name: `recoverDocument`, or that in a process of its own. */
  readonly prepare: (run: IEarlierRun) => Promise<Prepared>;
  /** The local date and time as it stands in names: "2026-11-26 10.41". */
  readonly localTime: () => string;
}

/** A run's one copy, or why there is none. */
export type MadeCopy =
  { readonly kind: 'copy'; readonly copy: IKnownCopy } | Exclude<Prepared, IPreparedCopy>;

/**
 * Gives a run its copy under a name that nobody has, once: where it is going is written down before it is there, so
 * that a companion which is killed at any moment finds it again.
 */
export class CopyMaker {
  constructor(private readonly options: ICopyMakerOptions) {}

  /** @throws RecoveryError; nothing is left of the copy then. */
  async make(run: IEarlierRun): Promise<MadeCopy> {
    const known = await this.known(run);
    if (known) {
      return { kind: 'copy', copy: known };
    }
    const prepared = await this.options.prepare(run);
    if (prepared.kind !== 'copy') {
      return prepared;
    }
    try {
      return { kind: 'copy', copy: await this.publish(run, prepared) };
    } catch (error) {
      await rm(prepared.temporary, { force: true });
      throw error;
    }
  }

  /** Removes a copy that nobody has changed. @returns whether it is gone. @throws RecoveryError. */
  async withdraw({ copyPath, hash }: IKnownCopy): Promise<boolean> {
    const path = documentPath(this.options.rootDir, copyPath);
    if (path === null || (await hashOfFile(path)) !== hash) {
      return false;
    }
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw writeFailure(error);
    }
    await syncFolder(dirname(path));
    return true;
  }

  /** The copy that the run has; null = none, or it was removed. */
  private async known(run: IEarlierRun): Promise<IKnownCopy | null> {
    const { state, rootDir } = this.options;
    const known = state.get(run);
    const path = known && documentPath(rootDir, known.copyPath);
    if (!known || path === null || !(await isThere(path))) {
      return null;
    }
    if (known.isMade) {
      return known;
    }
    if ((await hashOfFile(path)) === known.hash) {
      const made = { ...known, isMade: true };
      await state.put(made);
      return made;
    }
    await removeEmpty(path);
    return null;
  }

  private async publish(run: IEarlierRun, prepared: IPreparedCopy): Promise<IKnownCopy> {
    const { state, localTime } = this.options;
    const { temporary, folder, hash, sizeBytes, changedCells, basis, originalHash, problem } = prepared;
    const what = `recovered ${localTime()}`;
    const about = {
      hash,
      sizeBytes,
      changedCells,
      basis,
      originalHash,
      problem,
      decision: null,
      restoring: null
    };
    for (let from = 1; ;) {
      const { path, number } = await freeName(folder, basename(run.path), what, from);
      const copy = { boot: run.boot, run: run.run, copyPath: this.contentsPath(path), ...about };
      await state.put({ ...copy, isMade: false });
      if (await takeFreeName(temporary, path)) {
        const made = { ...copy, isMade: true };
        await state.put(made);
        return made;
      }
      from = number + 1;
    }
  }

  private contentsPath(path: string): string {
    return relative(this.options.rootDir, path).split(sep).join('/');
  }
}

/** What was about to become the copy when its companion was killed: its name was taken, by an empty file. */
async function removeEmpty(path: string): Promise<void> {
  try {
    const found = await lstat(path);
    if (found.isFile() && found.size === 0) {
      await rm(path);
    }
  } catch (error) {
    throw readFailure(error);
  }
}
