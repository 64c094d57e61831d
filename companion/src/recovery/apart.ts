import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { reasonOf } from '../failure.js';

/** The program that works apart, and with what. */
export interface IApartProgram {
  /** Node's program, and that of `recovery-process.ts`. */
  readonly nodePath: string;
  readonly scriptPath: string;
}

export interface IApartAnswer {
  /** What it wrote to its standard output. */
  readonly answer: string;
  /** How it ended, for whoever finds the answer to be none. */
  readonly end: string;
}

/** Heap of a process that reads a small run, in MiB; what changed is held in memory, some of it several times. */
const HEAP_MIB = 64;
const HEAP_PER_RECORD_BYTE = 8;
const MIB = 1024 * 1024;

/**
 * Does work on a run of the journal in a process of its own: a run that changed a hundred megabytes must not take the
 * companion with it, whose heap is small; and what was used is given back when it ends. It ends when this process does.
 *
 * @param request - JSON-serialisable.
 * @param runBytes - how much the run takes in the journal.
 */
export async function askApart(
  program: IApartProgram,
  request: object,
  runBytes: number
): Promise<IApartAnswer> {
  const child = startApart(program, request, runBytes);
  try {
    const [answer, complaint] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close')
    ]);
    const end = `The process for it ended with ${child.signalCode ?? child.exitCode}.`;
    return { answer, end: `${end} ${tellingLine(complaint)}` };
  } catch (error) {
    child.kill('SIGKILL');
    return { answer: '', end: `No process can be started: ${reasonOf(error)}` };
  }
}

/** Starts such a process, for whoever reads its answer piece by piece. */
export function startApart(
  { nodePath, scriptPath }: IApartProgram,
  request: object,
  runBytes: number
): ChildProcessWithoutNullStreams {
  const heapMiB = HEAP_MIB + Math.ceil((HEAP_PER_RECORD_BYTE * runBytes) / MIB);
  // Its standard input is how it sees that we are gone.
  const child = spawn(
    nodePath,
    [`--max-old-space-size=${heapMiB}`, '--optimize-for-size', scriptPath, JSON.stringify(request)],
    { stdio: ['pipe', 'pipe', 'pipe'] }
  );
  child.stdin.on('error', () => undefined);
  return child;
}

/** The line that says most of what a process wrote when it failed. */
export function tellingLine(complaint: string): string {
  const lines = complaint.trim().split('\n');
  return (lines.find(line => /error/i.test(line)) ?? lines.at(-1) ?? '').slice(0, 500);
}
