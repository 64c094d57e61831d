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
    if (copyHash === null) {
      const isDone = hash !== null && hash === known.restoring?.hash;
      return isDone ? 'done' : 'copy-missing';
    }
    if (hash !== null && hash !== known.originalHash) {
      return { changedTo: hash };
    }
    // She may have worked in it, with whatever program.
    await syncFile(copy);
    const keptPath = hash === null ? null : await this.keptPath(path, known, hash);
    await state.put({ ...known, decision: 'restore', restoring: { hash: copyHash, keptPath } });
    if (stamp === null || keptPath === null) {
      // The original is gone: there is nothing to keep, and nothing that could be overwritten.
      await moveToFree(copy, target);
    } else {
      await this.replace(copy, { target, stamp, kept: documentPath(rootDir, keptPath) ?? '' }, known);
    }
    return 'done';
  }

  /** Where the original is kept: where it is already, if that was done before, or a free name. */
  private async keptPath(path: string, { restoring }: IKnownCopy, hash: string): Promise<string> {
    const { rootDir, localTime } = this.options;
    const before = restoring?.keptPath ?? null;
    const beforePath = before === null ? null : documentPath(rootDir, before);
    if (before !== null && beforePath !== null && (await hashOfFile(beforePath)) === hash) {
      return before;
    }
    const folder = dirname(documentPath(rootDir, path) ?? rootDir);
    const free = await freeName(folder, basename(path), `before recovery ${localTime()}`);
    return siblingPath(path, basename(free.path));
  }

  private async replace(
    copy: string,
    { target, stamp, kept }: { readonly target: string; readonly stamp: IFileStamp; readonly kept: string },
    known: IKnownCopy
  ): Promise<void> {
    if (!(await isThere(kept))) {
      await keep(target, kept, known);
    }
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
    await syncFolder(dirname(target));
    await syncFolder(dirname(copy));
  }
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw readFailure(error);
  }
}

/** Gives a file a second name that nobody has, or where that cannot be a copy. @throws RecoveryError. */
async function keep(target: string, kept: string, { boot, run }: IKnownCopy): Promise<void> {
  try {
    await link(target, kept);
    await syncFolder(dirname(kept));
  } catch (error) {
    const code = codeOf(error);
    if (code === null || !LINKLESS.has(code)) {
      throw writeFailure(error);
    }
    const temporary = await copied(target, dirname(kept), { boot, run: `${run} kept` });
    if (!(await takeFreeName(temporary, kept))) {
      await rm(temporary, { force: true });
      throw new RecoveryError('not-writable', `Somebody took the name ${kept}.`);
    }
  }
}

async function moveToFree(copy: string, target: string): Promise<void> {
  if (!(await takeFreeName(copy, target))) {
    throw new RecoveryError('file-changed', 'There is a file again.');
  }
  await syncFolder(dirname(copy));
}

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
      await syncFolder(dirname(target));
      await rm(copy, { force: true });
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
