import { link, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { codeOf } from '../failure.js';
import { documentPath, siblingPath } from './document-path.js';
import { NewFile, syncFile, syncFolder } from './new-file.js';
import { hashOfFile, PlainFile, stampAt, type IFileStamp } from './plain-file.js';
import { temporaryPath } from './prepared-copy.js';
import { freeName, isThere, takeFreeName } from './publish-copy.js';
import { readFailure, RecoveryError, writeFailure } from './recovery-error.js';
import type { IKnownCopy, RecoveryState } from './recovery-state.js';

/** What the system answers where a file cannot have a second name. */
const LINKLESS = new Set(['EPERM', 'EACCES', 'EXDEV', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

export type Restored =
  | 'done'
  /** There is no copy any more. */
  | 'copy-missing'
  /** The original is another one than the copy was made of: its hash. Nothing was done. */
  | { readonly changedTo: string };

/**
 * Lets recovered copies take the place of their originals. Each step is written down before it is done, so that one that
 * was begun when the companion was killed is brought to its end by the next one.
 */
export class CopyRestorer {
  constructor(
    private readonly options: {
      readonly state: Pick<RecoveryState, 'put'>;
      /** jupyter_server's root folder, absolute. */
      readonly rootDir: string;
      /** The local date and time as it stands in names: "2026-11-26 10.41". */
      readonly localTime: () => string;
    }
  ) {}

  /**
   * The copy, as it is now, takes the original's name; the original stays beside it as `name (before recovery …)`.
   *
   * @param path - of the document, by the contents API.
   * @throws RecoveryError; both are as they were then.
   */
  async restore(path: string, known: IKnownCopy): Promise<Restored> {
    const { rootDir, state } = this.options;
    const original = documentPath(rootDir, path);
    const copy = documentPath(rootDir, known.copyPath);
    if (original === null || copy === null) {
      throw new RecoveryError('unreadable', 'The path is none below the root folder.');
    }
    // What JupyterLab would write to: a link stays a link.
    const target = (await isThere(original)) ? await realPath(original) : original;
    const stamp = await stampAt(target);
    const hash = stamp && (await hashOfFile(target));
    const copyHash = await hashOfFile(copy);
    const isDone = hash !== null && hash === known.restoring?.hash;
    if (isDone && copyHash === hash) {
      // It was copied over, and failed to go then.
      await removeCopy(copy);
    }
    if (isDone || copyHash === null) {
      return isDone ? 'done' : 'copy-missing';
    }
    if (hash !== null && hash !== known.originalHash) {
      return { changedTo: hash };
    }
    // She may have worked in it, with whatever program.
    await syncFile(copy);
    const restoring = { ...known, decision: 'restore' as const };
    if (stamp === null || hash === null) {
      await state.put({ ...restoring, restoring: { hash: copyHash, keptPath: null } });
      // The original is gone: there is nothing to keep, and nothing that could be overwritten.
      await moveToFree(copy, target);
    } else {
      const note = (keptPath: string): Promise<void> =>
        state.put({ ...restoring, restoring: { hash: copyHash, keptPath } });
      await this.replace(
        copy,
        { target, stamp, kept: await this.keep(path, target, hash, known, note) },
        known
      );
    }
    return 'done';
  }

  /**
   * Keeps the original where it is already, if that was done before, or under a name that nobody has.
   *
   * @param note - writes down the name before it is taken.
   * @returns where it is, absolute. @throws RecoveryError.
   */
  private async keep(
    path: string,
    target: string,
    hash: string,
    known: IKnownCopy,
    note: (keptPath: string) => Promise<void>
  ): Promise<string> {
    const { rootDir, localTime } = this.options;
    const before = known.restoring?.keptPath ?? null;
    const beforePath = before === null ? null : documentPath(rootDir, before);
    if (before !== null && beforePath !== null && (await hashOfFile(beforePath)) === hash) {
      await note(before);
      return beforePath;
    }
    const folder = dirname(documentPath(rootDir, path) ?? rootDir);
    for (let from = 1; ;) {
      const free = await freeName(folder, basename(path), `before recovery ${localTime()}`, from);
      await note(siblingPath(path, basename(free.path)));
      if (await keep(target, free.path, known)) {
        return free.path;
      }
      // Somebody took that name meanwhile.
      from = free.number + 1;
    }
  }

  private async replace(
    copy: string,
    { target, stamp, kept }: { readonly target: string; readonly stamp: IFileStamp; readonly kept: string },
    known: IKnownCopy
  ): Promise<void> {
    try {
      const now = await stampAt(target);
      // Not by its time of change: that it has a second name changed it.
      if (
        now?.inode !== stamp.inode ||
        now.sizeBytes !== stamp.sizeBytes ||
        now.modifiedNs !== stamp.modifiedNs
      ) {
        throw new RecoveryError('file-changed', 'The file was written while it was to be replaced.');
      }
      await moveOver(copy, target, known);
    } catch (error) {
      await rm(kept, { force: true });
      throw error;
    }
    // From here on the kept name is the only one of the original: whatever fails, it stays.
    await syncFolder(dirname(target));
    // Behind a link to another file system it was copied.
    await removeCopy(copy);
    await syncFolder(dirname(copy));
  }
}

async function removeCopy(copy: string): Promise<void> {
  try {
    await rm(copy, { force: true });
  } catch (error) {
    throw writeFailure(error);
  }
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw readFailure(error);
  }
}

/**
 * Gives a file a second name that nobody has, or where that cannot be a copy.
 *
 * @returns false when somebody has the name. @throws RecoveryError.
 */
async function keep(target: string, kept: string, { boot, run }: IKnownCopy): Promise<boolean> {
  try {
    await link(target, kept);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') {
      return false;
    }
    if (code === null || !LINKLESS.has(code)) {
      throw writeFailure(error);
    }
    const temporary = await copied(target, dirname(kept), { boot, run: `${run} kept` });
    const isTaken = await takeFreeName(temporary, kept);
    if (!isTaken) {
      await rm(temporary, { force: true });
    }
    return isTaken;
  }
  await syncFolder(dirname(kept));
  return true;
}

async function moveToFree(copy: string, target: string): Promise<void> {
  if (!(await takeFreeName(copy, target))) {
    throw new RecoveryError('file-changed', 'There is a file again.');
  }
  await syncFolder(dirname(copy));
}

/** @throws RecoveryError; the target is what it was then. */
async function moveOver(copy: string, target: string, { boot, run }: IKnownCopy): Promise<void> {
  try {
    await rename(copy, target);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') {
      throw writeFailure(error);
    }
    // The original is behind a link, on another file system.
    const temporary = await copied(copy, dirname(target), { boot, run });
    try {
      await rename(temporary, target);
    } catch (failure) {
      await rm(temporary, { force: true });
      throw writeFailure(failure);
    }
  }
}

/** Copies a file, for good, to a temporary name in a folder. @throws RecoveryError. */
async function copied(from: string, folder: string, run: { boot: string; run: string }): Promise<string> {
  const file = await PlainFile.open(from);
  if (file === null) {
    throw new RecoveryError('file-missing', `${from} is gone.`);
  }
  try {
    const copy = await NewFile.create(temporaryPath(folder, run), file);
    try {
      for await (const piece of file.pieces()) {
        await copy.write(piece);
      }
      await copy.finish(file);
    } catch (error) {
      await copy.discard();
      throw error;
    }
    return copy.path;
  } finally {
    await file.close();
  }
}
