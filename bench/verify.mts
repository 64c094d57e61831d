// audit.export, audit.verify: a log of a million records in SQLite, written to a file by the program that admins run, and
// verified by the program that auditors run; records per second of the whole run, start included. Both have to hold no
// more memory for all of it than for a tenth.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKeys, registerSigningKey } from '../packages/hub-service/lib/keys/keys.js';
import { openDatabase } from '../packages/hub-service/lib/store/database.js';
import { SqlLogWriter } from '../packages/hub-service/lib/store/sql-log-writer.js';
import { whenQuiet } from './lib/machine.mts';
import { auditStream } from './lib/audit-stream.mts';
import { record } from './lib/result.mts';
import { median } from './lib/statistics.mts';
import { extent, times } from './lib/trial.mts';

const RECORDS = extent(1_000_000, 20_000);
const STREAMS = 200;
const BATCH = 50;
const RUNS = times(3, 1);
/** Between two looks at a program's memory. */
const LOOK_MS = 20;

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'labkeeper-bench-'));
const state = join(folder, 'state');

/** What a program took from its start to its end. */
interface IRun {
  readonly seconds: number;
  readonly peakMb: number;
}

/** Runs one of our Node programs. @throws when its status is another than 0. */
async function run(program: string, ...words: string[]): Promise<IRun> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, 'labkeeper/node', program), ...words], {
    env: { ...process.env, LABKEEPER_STATE: state },
    stdio: ['ignore', 'ignore', 'inherit']
  });
  let peakMb = 0;
  const look = setInterval(() => {
    try {
      const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      peakMb = Math.max(peakMb, Number(peak?.[1] ?? 0) / 1024);
    } catch {
      // It ended between two looks.
    }
  }, LOOK_MS);
  const status = await new Promise(resolve => child.on('close', resolve));
  clearInterval(look);
  if (status !== 0) throw new Error(`${program} ended with status ${status}`);
  return { seconds: (performance.now() - began) / 1000, peakMb };
}

try {
  const file = join(folder, 'export.jsonl');
  const part = join(folder, 'part.jsonl');
  const keys = await openKeys(state);
  const database = await openDatabase(
    { kind: 'sqlite', file: join(state, 'labkeeper.sqlite') },
    () => undefined
  );
  await registerSigningKey(database, keys, Date.now());
  const writer = new SqlLogWriter(database, Date.now);
  const streams = Array.from({ length: STREAMS }, (_, user) => auditStream(`user-${user}`));
  for (let done = 0; done < RECORDS; done += BATCH * 5) {
    const batches = Array.from({ length: 5 }, (_, i) => streams[(done / BATCH + i) % STREAMS]?.batch(BATCH));
    await writer.append(batches.filter(batch => batch !== undefined));
  }
  await database.close();

  const exports: IRun[] = [];
  const verifications: IRun[] = [];
  const tenth = String(Math.floor(RECORDS / 10));
  const smallExport = await run('hub-service.mjs', 'export', '--out', part, '--end', tenth);
  const smallVerification = await run('verify.mjs', part);
  for (let i = 0; i < RUNS; i++) {
    await whenQuiet();
    exports.push(await run('hub-service.mjs', 'export', '--out', file));
    await whenQuiet();
    verifications.push(await run('verify.mjs', file));
  }
  const bytes = statSync(file).size;
  for (const [id, verb, runs, small] of [
    ['audit.export', 'written to a file from SQLite', exports, smallExport],
    ['audit.verify', 'verified from a file', verifications, smallVerification]
  ] as const) {
    const peakMb = Math.max(...runs.map(run => run.peakMb));
    record(
      {
        id,
        what:
          `records per second ${verb}, ${RECORDS} of ${Math.round(bytes / RECORDS)} bytes in ${STREAMS} streams, ` +
          `median of ${RUNS}; memory at most ${Math.round(peakMb)} MB, for a tenth of them ${Math.round(small.peakMb)} MB`,
        unit: '1/s',
        value: RECORDS / median(runs.map(({ seconds }) => seconds)),
        n: RUNS,
        samples: { runs, tenth: small, bytes }
      },
      'verify'
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
