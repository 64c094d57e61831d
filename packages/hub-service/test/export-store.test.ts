import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DigestMaker } from '../src/digests/digest-maker.js';
import { exportCommand } from '../src/export/cli.js';
import { readBatch } from '../src/ingest/read-batch.js';
import { receiptFor } from '../src/ingest/receipt.js';
import { openKeys, registerSigningKey, type IKeys } from '../src/keys/keys.js';
import { sha256Hex } from '../src/sha256.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import type { ISpeaker } from '../src/store/log-writer.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { verifyFile } from '../src/verify/verify-file.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ALICE: ISpeaker = { hub: 'north', user: 'alice', server: '', groups: ['physics'] };
const BOB: ISpeaker = { hub: 'north', user: 'bob', server: 'big', groups: [] };
const NOTHING = { fingerprints: [], receipts: [], digests: [], personal: null };

describe.each<DatabaseKind>(['sqlite', 'postgres'])('an export from %s', kind => {
  const folder = scratchFolder();
  const state = join(folder.path, 'state');
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let keys: IKeys;
  let receipts: unknown[];

  const nowMs = (): number => 1_795_000_000_000;
  const append = async (speaker: ISpeaker, body: Buffer): Promise<void> => {
    const read = readBatch(speaker, body);
    if (read.kind !== 'batch') {
      throw new Error(read.message);
    }
    const [stored] = await new SqlLogWriter(database, nowMs).append([read.batch]);
    if (stored?.kind !== 'stored') {
      throw new Error('the batch was not stored');
    }
    receipts.push(receiptFor(keys, read.batch, stored));
  };

  beforeAll(async () => {
    scratch = await migratedDatabase(kind);
    keys = await openKeys(state);
    database = await openDatabase(scratch.place, () => undefined);
    await registerSigningKey(database, keys, nowMs());
    receipts = [];
    const [a, b] = [new CompanionStream(), new CompanionStream()];
    for (let i = 0; i < 10; i++) {
      await append(ALICE, a.batch(7));
      await append(BOB, b.batch(3));
      if (i === 4) {
        await new DigestMaker({ database, keys, nowMs }).make();
        await append(BOB, unreadable(b));
      }
    }
  });
  afterAll(async () => {
    await database.close();
    await scratch.remove();
    folder.remove();
  });

  const run = async (...words: string[]): Promise<{ code: number; said: string; complained: string }> => {
    const [said, complained]: string[][] = [[], []];
    const { place } = scratch;
    const code = await exportCommand({
      words,
      variables: {
        LABKEEPER_STATE: state,
        LABKEEPER_HUB_ID: 'north',
        LABKEEPER_DATABASE: place.kind === 'sqlite' ? `sqlite:${place.file}` : place.url
      },
      nowMs,
      say: line => void said?.push(line),
      complain: line => void complained?.push(line)
    });
    return { code, said: said?.join('\n') ?? '', complained: complained?.join('\n') ?? '' };
  };
  const path = (name: string): string => join(folder.path, name);
  const kept = (name: string, value: unknown): string => {
    writeFileSync(path(name), JSON.stringify(value));
    return path(name);
  };

  it('is whole, with its personal parts, its key and its receipts', async () => {
    const file = path('all.jsonl');
    const { code, said, complained } = await run('--out', file, '--personal');
    expect([code, complained]).toEqual([0, '']);
    const fingerprint = sha256Hex(Buffer.from(keys.publicKey, 'base64url'));
    expect(said).toBe(
      `101 records in ${file}.\nSigned with the key ${fingerprint}: keep that elsewhere, for labkeeper verify --key.`
    );
    const report = verifyFile({
      file,
      fingerprints: [fingerprint],
      receipts: receipts.map((receipt, i) => kept(`receipt-${i}.json`, receipt)),
      digests: [],
      personal: path('all.personal.jsonl')
    });
    expect(report.findings.first).toEqual([]);
    expect(report).toMatchObject({
      outcome: 'consistent',
      isAnchored: true,
      records: 101,
      proven: 101,
      digests: { count: 2, whole: 2 },
      streams: { count: 2, unbroken: 2 },
      unreadable: { count: 1 },
      personal: { same: 100, absent: 0 }
    });
    expect(report.anchors.filter(({ verdict }) => verdict !== 'fits')).toEqual([]);
  });

  it('with a filter proves each line, and covers the newest by a digest first', async () => {
    const file = path('bob.jsonl');
    expect(await run('--out', file, '--user', 'bob')).toMatchObject({ code: 0 });
    const report = verifyFile({ file, ...NOTHING, digests: [path('all.jsonl')] });
    expect(report.findings.first).toEqual([]);
    expect(report).toMatchObject({ outcome: 'whole', records: 31, proven: 31, isAnchored: true });
    expect(report.about?.filter).toEqual({ user: 'bob' });
  });

  it('can be told to be a part, CSV or OCSF', async () => {
    expect(await run('--out', path('part.jsonl'), '--first', '20', '--end', '40')).toMatchObject({ code: 0 });
    expect(verifyFile({ file: path('part.jsonl'), ...NOTHING })).toMatchObject({
      outcome: 'consistent',
      records: 20
    });
    for (const format of ['csv', 'ocsf']) {
      expect(await run('--out', path('some'), '--format', format)).toMatchObject({ code: 0 });
      expect(readFileSync(path('some'), 'utf8').trim().split('\n').length).toBe(format === 'csv' ? 102 : 101);
    }
  });

  it('is itself on record', async () => {
    const looks = await new SqlLogReader(database, nowMs).looks(100);
    expect(looks.filter(({ kind, query }) => kind === 'export' && query.includes('--user bob'))).toHaveLength(
      1
    );
  });

  it('says in one sentence what is wrong', async () => {
    expect(await run('--out', path('x'), '--first', '500')).toMatchObject({
      code: 1,
      complained:
        'labkeeper export: There is no range from record 500 to 101: the log ends before record 101.'
    });
    expect((await run()).complained).toMatch(/^labkeeper export: Name the file with --out.\nusage: /);
    expect((await run('--out', 'x', '--grade', 'good')).complained).toContain(
      '--grade is one of confirmed, corroborated'
    );
    const nowhere = await exportCommand({
      words: ['--out', path('x')],
      variables: { LABKEEPER_STATE: path('nowhere') },
      nowMs,
      say: () => undefined,
      complain: line =>
        expect(line).toBe(`labkeeper export: There is no log here: ${path('nowhere')} does not exist.`)
    });
    expect(nowhere).toBe(1);
  });
});

/** A batch of one line that is no record. */
function unreadable(stream: CompanionStream): Buffer {
  return stream.batchOf([() => ({ line: Buffer.from([0xff, 0xfe, 0x7b]), personal: null })]);
}
