/**
 * Does one task on one run and ends: `node recovery-process.mjs REQUEST`, in JSON. `recover` prints a `Prepared`, `splice` a
 * `SpliceOutcome`, `outputs` a line for each part of a cell's outputs and one for the end, see `outputs-apart.ts`. It ends at once when its standard input does.
 */
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { reasonOf } from '../failure.js';
import { earlierSegments, readBoot } from '../journal/earlier-boots.js';
import { HomeDisk } from '../journal/journal-disk.js';
import { textSum, type SpliceOutcome } from '@labkeeper/protocol';
import { ScannedRun } from '../journal/earlier-run.js';
import { scanBoot } from '../journal/scan-boot.js';
import type { IRunToRecover } from './fold-batches.js';
import { leftOutputs, type LeftEnd } from './left-outputs.js';
import type { IOutputsRequest } from './outputs-apart.js';
import { cellParts } from './outputs-lines.js';
import type { Prepared } from './prepared-copy.js';
import type { IApartRun } from './recover-apart.js';
import { signNotebook, type IOwnFile, type ISignatures } from './notebook-signature.js';
import { recoverDocument } from './recover-document.js';
import type { ISpliceRequest } from './splice-apart.js';
import { spliceRun } from './splice-run.js';

/** The lowest: a server that starts has better things to do (setpriority(2)). */
const LOWEST_PRIORITY = 19;

/** Less than a kernel's: whoever types waits for nothing of this, but a busy kernel must not keep it from ending. */
const LOW_PRIORITY = 5;

process.stdin.resume();
process.stdin.on('end', () => process.exit(1));
process.stdin.on('error', () => process.exit(1));

try {
  const { task, request } = parseRequest(process.argv[2] ?? '');
  lower(task === 'recover' ? LOWEST_PRIORITY : LOW_PRIORITY);
  if (task === 'recover') {
    process.stdout.write(JSON.stringify(await recover(request)), () => process.exit(0));
  } else if (task === 'outputs') {
    process.stdout.write(JSON.stringify(await tellOutputs(request)), () => process.exit(0));
  } else {
    let own: IOwnFile | null = null;
    const answer = await splice(request, saved => (own = saved));
    // What becomes of the signature changes nothing about the file.
    process.stdout.write(
      JSON.stringify(answer),
      () => void sign(own, request).finally(() => process.exit(0))
    );
  }
} catch (error) {
  process.stderr.write(reasonOf(error), () => process.exit(1));
}

function lower(priority: number): void {
  try {
    setPriority(priority);
  } catch {
    // Not allowed here: then it competes with the others.
  }
}

async function sign(own: IOwnFile | null, { signatures }: ISpliceRequest): Promise<void> {
  try {
    if (own && signatures) {
      await signNotebook(own, signatures);
    }
  } catch (error) {
    process.stderr.write(`The notebook is not signed: ${reasonOf(error)}`);
  }
}

async function splice(
  { home, serverName, boot, run, rootDir, seq }: ISpliceRequest,
  saved: (own: IOwnFile) => void
): Promise<SpliceOutcome> {
  const disk = new HomeDisk(home, serverName, `splice-${process.pid}`);
  const scan = await scanBoot(disk, boot, (await earlierSegments(disk, '')).get(boot) ?? []);
  // A page that begins a run of the same id again has given up the one before.
  const found = [...scan.runs.values()]
    .map(run => ScannedRun.of(disk, scan, run, true))
    .findLast(found => found?.run === run && !found.scan.isClosed);
  return found && found.lastSeq >= seq && found.damagedAfterSeq === null
    ? spliceRun(found, seq, rootDir, saved)
    : { kind: 'refused', why: 'unknown-run', detail: 'The run is not in the journal any more.' };
}

async function recover(request: IApartRun): Promise<Prepared> {
  const found = await find(request);
  return found
    ? recoverDocument(found, request.rootDir)
    : { kind: 'problem', problem: 'journal-damaged', detail: 'The run is not in the journal any more.' };
}

async function tellOutputs(request: IOutputsRequest): Promise<LeftEnd> {
  const found = await find(request);
  return found
    ? leftOutputs(found, request.rootDir, request.asked, async ({ outputs, source, ...cell }) => {
        for (const part of cellParts({ ...cell, sum: textSum(source) }, JSON.stringify(outputs))) {
          await write(`${JSON.stringify(part)}\n`);
        }
      })
    : { kind: 'unknown', detail: 'The run is not in the journal any more.' };
}

async function find({ home, serverName, boot, run }: IApartRun): Promise<IRunToRecover | undefined> {
  const disk = new HomeDisk(home, serverName, `recovery-${process.pid}`);
  const segments = (await earlierSegments(disk, '')).get(boot) ?? [];
  const { runs, forgotten } = await readBoot(disk, boot, segments, '');
  return runs.find(known => known.run === run && known.isUnsaved && !forgotten.has(known.scan.number));
}

/** Waits while the companion does not read. */
async function write(line: string): Promise<void> {
  if (!process.stdout.write(line)) {
    await once(process.stdout, 'drain');
  }
}

type Task =
  | { readonly task: 'recover'; readonly request: IApartRun }
  | { readonly task: 'outputs'; readonly request: IOutputsRequest }
  | { readonly task: 'splice'; readonly request: ISpliceRequest };

function parseRequest(text: string): Task {
  const value: unknown = JSON.parse(text);
  const fields: Readonly<Record<string, unknown>> = { ...(typeof value === 'object' ? value : null) };
  const { task, home, serverName, boot, run, rootDir, seq, signatures, asked } = fields;
  if (
    typeof home === 'string' &&
    typeof serverName === 'string' &&
    typeof boot === 'string' &&
    typeof run === 'string' &&
    typeof rootDir === 'string'
  ) {
    const request = { home, serverName, boot, run, rootDir };
    if (task === 'recover') {
      return { task, request };
    }
    if (task === 'outputs' && Array.isArray(asked)) {
      return { task, request: { ...request, asked: asked.filter(cell => typeof cell === 'number') } };
    }
    if (task === 'splice' && typeof seq === 'number') {
      return { task, request: { ...request, seq, signatures: parseSignatures(signatures) } };
    }
  }
  throw new Error('The request is none.');
}

function parseSignatures(value: unknown): ISignatures | null {
  const fields: Readonly<Record<string, unknown>> = { ...(typeof value === 'object' ? value : null) };
  const { secretFile, dbFile } = fields;
  return typeof secretFile === 'string' && typeof dbFile === 'string' ? { secretFile, dbFile } : null;
}
