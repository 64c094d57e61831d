/**
 * Recovers one run and ends: `node recovery-process.mjs REQUEST`, an `IRecoveryRequest` in JSON. What became of it, a
 * `Prepared`, goes to standard output. It ends at once when its standard input does.
 */
import { setPriority } from 'node:os';
import { reasonOf } from '../failure.js';
import { earlierSegments, readBoot } from '../journal/earlier-boots.js';
import { HomeDisk } from '../journal/journal-disk.js';
import type { Prepared } from './prepared-copy.js';
import type { IRecoveryRequest } from './recover-apart.js';
import { recoverDocument } from './recover-document.js';

/** The lowest: a server that starts has better things to do (setpriority(2)). */
const LOWEST_PRIORITY = 19;

process.stdin.resume();
process.stdin.on('end', () => process.exit(1));
process.stdin.on('error', () => process.exit(1));
try {
  setPriority(LOWEST_PRIORITY);
} catch {
  // Not allowed here: then it competes with the others.
}

try {
  const request = parseRequest(process.argv[2] ?? '');
  process.stdout.write(JSON.stringify(await recover(request)), () => process.exit(0));
} catch (error) {
  process.stderr.write(reasonOf(error), () => process.exit(1));
}

async function recover({ home, serverName, boot, run, rootDir }: IRecoveryRequest): Promise<Prepared> {
  const disk = new HomeDisk(home, serverName, `recovery-${process.pid}`);
  const segments = (await earlierSegments(disk, '')).get(boot) ?? [];
  const { runs, forgotten } = await readBoot(disk, boot, segments, '');
  const found = runs.find(known => known.run === run && known.isUnsaved && !forgotten.has(known.scan.number));
  return found
    ? recoverDocument(found, rootDir)
    : { kind: 'problem', problem: 'journal-damaged', detail: 'The run is not in the journal any more.' };
}

function parseRequest(text: string): IRecoveryRequest {
  const value: unknown = JSON.parse(text);
  const fields: Readonly<Record<string, unknown>> = { ...(typeof value === 'object' ? value : null) };
  const { home, serverName, boot, run, rootDir } = fields;
  if (
    typeof home !== 'string' ||
    typeof serverName !== 'string' ||
    typeof boot !== 'string' ||
    typeof run !== 'string' ||
    typeof rootDir !== 'string'
  ) {
    throw new Error('The request is none.');
  }
  return { home, serverName, boot, run, rootDir };
}
