import { FoldedRun } from '@labkeeper/core';
import type { SpliceOutcome } from '@labkeeper/protocol';
import type { IBatch } from '../journal/read-batches.js';
import { documentPath } from './document-path.js';
import { foldBatches, type IRunToRecover } from './fold-batches.js';
import type { IOwnFile } from './notebook-signature.js';
import { RecoveryError } from './recovery-error.js';
import { spliceSave } from './splice-save.js';

/**
 * Puts everything of a run up to and including batch `seq` into its notebook's file.
 *
 * @param rootDir - jupyter_server's root folder, absolute.
 * @param saved - called with the new file when it is in its place.
 */
export async function spliceRun(
  run: IRunToRecover,
  seq: number,
  rootDir: string,
  saved: (own: IOwnFile) => void = () => undefined
): Promise<SpliceOutcome> {
  const path = documentPath(rootDir, run.path);
  if (path === null || run.kind !== 'notebook') {
    return refused('not-plain', 'The path names no notebook below the root folder.');
  }
  const expectedHash = run.base?.hash ?? null;
  if (expectedHash === null) {
    return refused('doubt', 'The run begins with no file.');
  }
  try {
    const { sink, isWhole } = await foldBatches(
      { ...run, batches: () => upTo(run, seq) },
      () => new FoldedRun('notebook')
    );
    return isWhole
      ? await spliceSave({ path, expectedHash, saved, run: sink, unique: `${run.boot} ${run.run}` })
      : refused('doubt', 'Not all of the run can be read.');
  } catch (error) {
    if (error instanceof RecoveryError) {
      return refused('doubt', error.message);
    }
    throw error;
  }
}

/** The page goes on while the file is written. */
async function* upTo(run: IRunToRecover, seq: number): AsyncGenerator<IBatch> {
  for await (const batch of run.batches()) {
    if (batch.seq > seq) {
      return;
    }
    yield batch;
  }
}

function refused(why: 'not-plain' | 'doubt', detail: string): SpliceOutcome {
  return { kind: 'refused', why, detail };
}
