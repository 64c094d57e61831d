// forged.history: whoever owns the service's key and its database makes history anew, in random ways and by the service's
// own code, signs all of it, and has it anchored again wherever that is possible. The auditor verifies it with the program
// of the wheel. Peer: the same without an anchor, which is what a chain of signed hashes alone can tell.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { canonicalJson, receiptText } from '../packages/core/lib/index.js';
import { AnchorQueue } from '../packages/hub-service/lib/anchors/anchor-queue.js';
import { readAnchorSettings } from '../packages/hub-service/lib/anchors/anchor-settings.js';
import { exportLog } from '../packages/hub-service/lib/export/export-log.js';
import { writeExportFile } from '../packages/hub-service/lib/export/export-file.js';
import { openKeys, registerSigningKey } from '../packages/hub-service/lib/keys/keys.js';
import { sha256Hex } from '../packages/hub-service/lib/sha256.js';
import type { IDatabase } from '../packages/hub-service/lib/store/database.js';
import { LogRange } from '../packages/hub-service/lib/store/log-range.js';
import { SqlAnchors } from '../packages/hub-service/lib/store/sql-anchors.js';
import { BATCH, FORGERIES, forged, madeEvents, written } from './lib/forger.mts';
import { record } from './lib/result.mts';
import { startTimestamps, startWitness } from './lib/anchor-programs.mts';
import { extent, times } from './lib/trial.mts';

const EVENTS = extent(120, 60);
const HISTORIES = times(102, 6);
const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'labkeeper-bench-'));
const at = (name: string): string => join(folder, name);

interface ISaid {
  readonly outcome: string;
  readonly text: string;
}

function verify(file: string, ...options: string[]): ISaid {
  const program = join(root, 'labkeeper/node/verify.mjs');
  const run = (...more: string[]): string =>
    spawnSync(process.execPath, [program, ...options, ...more, file], { encoding: 'utf8' }).stdout;
  return { outcome: JSON.parse(run('--json')).outcome, text: run() };
}

async function anchorAndExport(
  database: IDatabase,
  keys: Awaited<ReturnType<typeof openKeys>>,
  file: string
) {
  const { targets } = readAnchorSettings(settings, []);
  const anchors = new SqlAnchors(database);
  const queue = new AnchorQueue({
    targets,
    anchors,
    log: pino({ level: 'silent' }),
    nowMs: () => Date.now()
  });
  await queue.runFor(30_000);
  const source = new LogRange(database);
  await writeExportFile(file, out =>
    exportLog(
      { source, signer: keys, out, personalOut: null, nowMs: Date.now() },
      { filter: null, firstIndex: 0, endIndex: null }
    )
  );
}

mkdirSync(at('worm'));
const witness = await startWitness(at('witness'));
const stamps = await startTimestamps(at('tsa'));
const settings = {
  LABKEEPER_ANCHOR_DIRECTORY: at('worm'),
  LABKEEPER_ANCHOR_WITNESS: witness.url,
  LABKEEPER_ANCHOR_WITNESS_KEY: witness.fingerprint,
  LABKEEPER_ANCHOR_TSA: stamps.url,
  LABKEEPER_ANCHOR_TSA_CERTIFICATE: stamps.certificate
};
try {
  const keys = await openKeys(at('state'));
  const events = madeEvents(EVENTS, 3, Date.now() - EVENTS * 1000);
  const original = await written(at('original.sqlite'), null, events, keys);
  await registerSigningKey(original, keys, Date.now());
  await anchorAndExport(original, keys, at('original.jsonl'));
  await original.close();
  // What others hold from before: copies, since the owner of the key has no way to theirs.
  cpSync(at('worm'), at('held-worm'), { recursive: true });
  cpSync(at('witness/witness.jsonl'), at('held-witness.jsonl'));
  const ways: Record<string, string[]> = {
    directory: ['--anchor', at('held-worm')],
    witness: ['--witness', witness.fingerprint, '--anchor', at('held-witness.jsonl')],
    'timestamps and an earlier export': ['--tsa', stamps.certificate, '--anchor', at('original.jsonl')],
    'timestamps alone': ['--tsa', stamps.certificate],
    'witness, pinned alone': ['--witness', witness.fingerprint],
    nothing: []
  };
  // Somebody holds something from before. What keys alone show, docs/verify.md does not claim.
  const anchored = ['directory', 'witness', 'timestamps and an earlier export'];
  const honest = Object.fromEntries(
    Object.entries(ways).map(([way, options]) => [way, verify(at('original.jsonl'), ...options).outcome])
  );
  const notWhole = anchored.filter(way => honest[way] !== 'whole');
  if (notWhole.length > 0)
    throw new Error(`the honest history is not whole: ${notWhole.join()}; this shows nothing`);
  const outcomes: Record<string, Record<string, Record<string, number>>> = {};
  const calledWhole = Object.fromEntries(Object.keys(ways).map(way => [way, 0]));
  let calledWholeWithout = 0;
  for (let i = 0; i < HISTORIES; i++) {
    const kind = FORGERIES[i % FORGERIES.length] ?? 'whole';
    const database = await written(at('forged.sqlite'), at('original.sqlite'), forged(events, kind), keys);
    await anchorAndExport(database, keys, at('forged.jsonl'));
    await database.close();
    // Receipts are signed anew, too: one that fits what was forged.
    writeFileSync(at('receipt.json'), forgedReceipt(keys));
    for (const [way, options] of Object.entries(ways)) {
      const { outcome, text } = verify(at('forged.jsonl'), '--receipt', at('receipt.json'), ...options);
      const byKind = ((outcomes[way] ??= {})[kind] ??= {});
      byKind[outcome] = (byKind[outcome] ?? 0) + 1;
      const isWhole = outcome === 'whole' || text.includes('WHOLE');
      if (isWhole) calledWhole[way] = (calledWhole[way] ?? 0) + 1;
      if (way === 'nothing' && (isWhole || !/not anchored/i.test(text))) calledWholeWithout += 1;
    }
    rmSync(at('forged.sqlite'), { force: true });
  }
  record(
    {
      id: 'forged.history',
      what:
        `re-made histories of ${EVENTS} records, ${BATCH} in each digest (changed, removed, inserted, reordered, cut off, all anew; ` +
        'signed and anchored again), that verify calls whole with one anchor held: directory, witness, or timestamps and an earlier ' +
        `export; the worst of the three. Not in it, as docs/verify.md says of keys alone: with nothing but the timestamps' ` +
        `certificate ${calledWhole['timestamps alone']} are called whole, since they were made anew within its day`,
      unit: 'histories',
      value: Math.max(...anchored.map(way => calledWhole[way] ?? 0)),
      n: HISTORIES,
      peer: {
        name: 'without an anchor: called whole, or not called "not anchored"',
        value: calledWholeWithout
      },
      samples: { honest, calledWhole, outcomes }
    },
    'forged'
  );
} finally {
  witness.stop();
  stamps.stop();
  rmSync(folder, { recursive: true, force: true });
}

function forgedReceipt(keys: Awaited<ReturnType<typeof openKeys>>): string {
  const lines = readFileSync(at('forged.jsonl'), 'utf8').split('\n');
  const { index, entry } = JSON.parse(lines[1] ?? '');
  const body = {
    ...{ hub: entry.hub, stream: entry.stream, boot: entry.record.boot, first: entry.seq, seq: entry.seq },
    // Its canonical JSON is how it stands in the line.
    head: sha256Hex(canonicalJson(entry.record)),
    ...{ firstIndex: index, receivedAtMs: entry.receivedAtMs }
  };
  return JSON.stringify({ body, key: keys.signingKeyId, signature: keys.sign(receiptText(body)) });
}
