import { parseParams, SpliceOutcome } from '@labkeeper/protocol';
import { askApart, type IApartProgram } from './apart.js';
import type { ISignatures } from './notebook-signature.js';
import type { IApartRun } from './recover-apart.js';

const DECLARATION = { method: 'splice', params: SpliceOutcome } as const;

/** What is put into the file: everything of a run up to and including batch `seq`. */
export interface ISpliceRequest extends IApartRun {
  readonly seq: number;
  /** How the new file is signed; null = it is not. */
  readonly signatures: ISignatures | null;
}

/**
 * Does what `spliceSave` does in a process of its own.
 *
 * @param runBytes - how much the run takes in the journal.
 */
export async function spliceApart(
  program: IApartProgram,
  request: ISpliceRequest,
  runBytes: number
): Promise<SpliceOutcome> {
  const { answer, end } = await askApart(program, { task: 'splice', ...request }, runBytes);
  try {
    return parseParams(DECLARATION, JSON.parse(answer));
  } catch {
    // It was killed or failed: what it complained of says more. The file is the old one, or the new one.
    return { kind: 'refused', why: 'unknown-run', detail: end };
  }
}
