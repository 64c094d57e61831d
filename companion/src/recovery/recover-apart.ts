import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { reasonOf } from '../failure.js';
import type { IEarlierRun } from '../journal/earlier-run.js';
import { parseBasis, type Prepared } from './prepared-copy.js';
import { parseProblem } from './recovery-error.js';

/** What the process is asked to recover. */
export interface IRecoveryRequest {
  readonly home: string;
  readonly serverName: string;
  readonly boot: string;
  readonly run: string;
  readonly rootDir: string;
}

export interface IRecoverApartOptions {
  /** Node's program, and that of `recovery-process.ts`. */
  readonly nodePath: string;
  readonly scriptPath: string;
  /** Where the journal is, see `HomeDisk`. */
  readonly home: string;
  readonly serverName: string;
  /** jupyter_server's root folder, absolute. */
  readonly rootDir: string;
}

/** Heap of a process that recovers a small run, in MiB; what changed is held in memory, some of it several times. */
const HEAP_MIB = 64;
const HEAP_PER_RECORD_BYTE = 8;
const MIB = 1024 * 1024;

/**
 * Does what `recoverDocument` does in a process of its own: a run that changed a hundred megabytes must not take the
 * companion with it, whose heap is small; and what was used is given back when it ends. It has the lowest priority, and
 * it ends when this process does.
 */
export async function recoverApart(run: IEarlierRun, options: IRecoverApartOptions): Promise<Prepared> {
  const { nodePath, scriptPath, home, serverName, rootDir } = options;
  const request: IRecoveryRequest = { home, serverName, boot: run.boot, run: run.run, rootDir };
  const heapMiB = HEAP_MIB + Math.ceil((HEAP_PER_RECORD_BYTE * run.bytes) / MIB);
  // Its standard input is how it sees that we are gone.
  const child = spawn(
    nodePath,
    [`--max-old-space-size=${heapMiB}`, '--optimize-for-size', scriptPath, JSON.stringify(request)],
    { stdio: ['pipe', 'pipe', 'pipe'] }
  );
  child.stdin.on('error', () => undefined);
  try {
    const [answer, complaint] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close')
    ]);
    const prepared = parsePrepared(answer);
    const end = `The process that recovers it ended with ${child.signalCode ?? child.exitCode}.`;
    return prepared ?? { kind: 'problem', problem: 'unreadable', detail: `${end} ${tellingLine(complaint)}` };
  } catch (error) {
    child.kill('SIGKILL');
    return {
      kind: 'problem',
      problem: 'unreadable',
      detail: `No process can be started: ${reasonOf(error)}`
    };
  }
}

/** The line that says most of what a process wrote when it failed. */
function tellingLine(complaint: string): string {
  const lines = complaint.trim().split('\n');
  return (lines.find(line => /error/i.test(line)) ?? lines.at(-1) ?? '').slice(0, 500);
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
