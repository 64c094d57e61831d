import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { IEarlierRun } from '../journal/earlier-run.js';
import type { LeftEnd } from './left-outputs.js';
import { parseToldPart, type IToldPart } from './outputs-lines.js';
import { startApart, tellingLine } from './apart.js';
import type { IApartRun, IRecoverApartOptions } from './recover-apart.js';

/** Which outputs are read. */
export interface IOutputsRequest extends IApartRun {
  /** Cells whose requests are still known, as the journal calls them. */
  readonly asked: readonly number[];
}

/**
 * Does what `leftOutputs` does in a process of its own: see `recoverApart`. Here is never more than one part of a
 * cell's outputs.
 *
 * @param tell - takes a part; the process waits for it. @returns whether there is any use in more.
 */
export async function outputsApart(
  run: Pick<IEarlierRun, 'boot' | 'run' | 'bytes'>,
  options: IRecoverApartOptions,
  asked: readonly number[],
  tell: (part: IToldPart) => Promise<boolean>
): Promise<LeftEnd> {
  const { home, serverName, rootDir } = options;
  const request: IOutputsRequest = { home, serverName, boot: run.boot, run: run.run, rootDir, asked };
  const child = startApart(options, { task: 'outputs', ...request }, run.bytes);
  const ended = Promise.all([text(child.stderr), once(child, 'close')]);
  // A process that cannot be started says so here first, and in `ended`.
  ended.catch(() => undefined);
  try {
    let end: LeftEnd | null = null;
    for await (const line of createInterface({ input: child.stdout })) {
      const part = parseToldPart(line);
      if (part === null) {
        end = parseEnd(line);
      } else if (!(await tell(part))) {
        return { kind: 'unknown', detail: 'Nobody wants it any more.' };
      }
    }
    const [complaint] = await ended;
    return end ?? { kind: 'unknown', detail: `No answer (${child.exitCode}). ${tellingLine(complaint)}` };
  } finally {
    child.kill('SIGKILL');
  }
}

function parseEnd(line: string): LeftEnd | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The process was killed in the middle of a line.
    return null;
  }
  const fields: Readonly<Record<string, unknown>> = { ...(typeof value === 'object' ? value : null) };
  const { kind, hash, rest, again, detail } = fields;
  if (kind === 'told' && typeof hash === 'string') {
    return { kind, hash, rest: rest === true, again: again === true };
  }
  return kind === 'unknown' ? { kind, detail: String(detail) } : null;
}
