import type { IEarlierRun } from '../journal/earlier-run.js';
import { askApart, type IApartProgram } from './apart.js';
import { parseBasis, type Prepared } from './prepared-copy.js';
import { parseProblem } from './recovery-error.js';

/** Where a run is in the journal, and the files that it is about. */
export interface IApartRun {
  readonly home: string;
  readonly serverName: string;
  readonly boot: string;
  readonly run: string;
  readonly rootDir: string;
}

export interface IRecoverApartOptions extends IApartProgram {
  /** Where the journal is, see `HomeDisk`. */
  readonly home: string;
  readonly serverName: string;
  /** jupyter_server's root folder, absolute. */
  readonly rootDir: string;
}

/** Does what `recoverDocument` does in a process of its own, of the lowest priority. */
export async function recoverApart(run: IEarlierRun, options: IRecoverApartOptions): Promise<Prepared> {
  const { home, serverName, rootDir } = options;
  const request: IApartRun = { home, serverName, boot: run.boot, run: run.run, rootDir };
  const { answer, end } = await askApart(options, { task: 'recover', ...request }, run.bytes);
  return parsePrepared(answer) ?? { kind: 'problem', problem: 'unreadable', detail: end };
}

/** null = it is no answer: the process was killed, or failed. */
function parsePrepared(text: string): Prepared | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The caller tells what the process complained of instead.
    return null;
  }
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const { kind, detail, temporary, folder, hash, sizeBytes, changedCells, originalHash } = fields;
  const problem = parseProblem(fields['problem']);
  const basis = parseBasis(fields['basis']);
  if (kind === 'nothing') {
    return { kind };
  }
  if (kind === 'problem' && problem !== null) {
    return { kind, problem, detail: String(detail) };
  }
  return kind === 'copy' &&
    typeof temporary === 'string' &&
    typeof folder === 'string' &&
    typeof hash === 'string' &&
    typeof sizeBytes === 'number' &&
    typeof changedCells === 'number' &&
    basis !== null &&
    (typeof originalHash === 'string' || originalHash === null)
    ? { kind, temporary, folder, hash, sizeBytes, changedCells, basis, originalHash, problem }
    : null;
}
