import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { AnchorQueue, targetName } from '../src/anchors/anchor-queue.js';
import type { IAnchorTarget } from '../src/anchors/anchor-target.js';
import { readAnchorSettings } from '../src/anchors/anchor-settings.js';
import { DigestMaker } from '../src/digests/digest-maker.js';
import { exportLog } from '../src/export/export-log.js';
import { readBatch } from '../src/ingest/read-batch.js';
import { openKeys, registerSigningKey, type IKeys } from '../src/keys/keys.js';
import { anchorAdvice, shownAnchors } from '../src/pages/anchor-state.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { SqlAnchors } from '../src/store/sql-anchors.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { readArguments } from '../src/verify/arguments.js';
import { verifyHeldFile } from '../src/verify/verify-file.js';
import { CompanionStream } from './support/companion-stream.js';
import { Kept } from './support/exported.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';
import { startAuthority, type ITimestampAuthority } from './support/timestamp-authority.js';

jest.setTimeout(40_000);

const ROOT = join(__dirname, '../../..');
const ALICE = { hub: 'hub', user: 'alice', server: '', groups: [] };
const HOUR_MS = 3_600_000;

interface IWitnessProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly fingerprint: string;
}

/** The real program. */
async function startWitness(state: string): Promise<IWitnessProcess> {
  const child = spawn(
    process.execPath,
    [join(ROOT, 'labkeeper/node/witness.mjs'), '--state', state, '--listen', '127.0.0.1:0'],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  );
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (text: Buffer) => resolve(text.toString()));
    child.once('exit', code => reject(new Error(`The witness ended with ${code}.`)));
  });
  const [, url = '', fingerprint = ''] = /at (\S+)\. Key: (\w+)/.exec(line) ?? [];
  return { child, url, fingerprint };
}

async function stop({ child }: IWitnessProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

describe.each<DatabaseKind>(['sqlite', 'postgres'])('anchors on %s', kind => {
  const folder = scratchFolder();
  const at = (name: string): string => join(folder.path, name);
  let authority: ITimestampAuthority;
  let witness: IWitnessProcess;
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let keys: IKeys;
  let nowMs: number;
  let targets: readonly IAnchorTarget[];
  let anchors: SqlAnchors;
  let queue: AnchorQueue;

  beforeAll(async () => {
    authority = await startAuthority(at('tsa'));
  });
  afterAll(async () => {
    await authority.close();
    folder.remove();
  });

  beforeEach(async () => {
    for (const name of ['worm', 'witness', 'state']) {
      rmSync(at(name), { recursive: true, force: true });
    }
    execFileSync('mkdir', ['-p', at('worm')]);
    witness = await startWitness(at('witness'));
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    keys = await openKeys(at('state'));
    nowMs = Date.now();
    await registerSigningKey(database, keys, nowMs);
    const mistakes: string[] = [];
    ({ targets } = readAnchorSettings(
      {
        LABKEEPER_ANCHOR_DIRECTORY: at('worm'),
        LABKEEPER_ANCHOR_WITNESS: `${witness.url}/`,
        LABKEEPER_ANCHOR_WITNESS_KEY: witness.fingerprint,
        LABKEEPER_ANCHOR_TSA: authority.url,
        LABKEEPER_ANCHOR_TSA_CERTIFICATE: authority.certificate
      },
      mistakes
    ));
    expect(mistakes).toEqual([]);
    anchors = new SqlAnchors(database);
    queue = new AnchorQueue({ targets, anchors, log: pino({ level: 'silent' }), nowMs: () => nowMs });
  });
  afterEach(async () => {
    await queue.close();
    await stop(witness);
    await database.close();
    await scratch.remove();
  });

  async function close(records: number): Promise<void> {
    const read = readBatch(ALICE, new CompanionStream().batch(records));
    if (read.kind === 'batch') {
      await new SqlLogWriter(database, () => nowMs).append([read.batch]);
    }
    await new DigestMaker({ database, keys, nowMs: () => nowMs }).make();
  }

  const states = () => Promise.all(targets.map(target => anchors.state(targetName(target))));

  async function verified(...options: string[]) {
    const out = new Kept();
    await exportLog(
      { source: new LogRange(database), signer: keys, out, personalOut: null, nowMs: nowMs + 1000 },
      { filter: null, firstIndex: 0, endIndex: null }
    );
    writeFileSync(at('export.jsonl'), out.bytes);
    return verifyHeldFile(readArguments([...options, at('export.jsonl')]));
  }

  const pins = () => ['--witness', witness.fingerprint, '--tsa', authority.certificate];

  it('hold every digest, go into exports, and verify says by whom and when', async () => {
    await close(5);
    await close(3);
    await queue.run();
    expect(await states()).toMatchObject(targets.map(() => ({ newest: 1, waiting: 0, trouble: null })));
    const report = await verified(...pins(), '--anchor', at('worm'), '--anchor', at('witness/witness.jsonl'));
    expect(report.findings.first).toEqual([]);
    expect(report).toMatchObject({ outcome: 'whole', anchoredEnd: 8 });
    expect(report.anchored.map(({ kind: what, name, count }) => [what, name !== null, count])).toEqual([
      ['timestamp', false, 2],
      ['witness', false, 2],
      ['directory', true, 2],
      ['witness', true, 2]
    ]);
    // Without what is pinned the export proves nothing by what it brings itself.
    expect(await verified()).toMatchObject({ outcome: 'consistent', isAnchored: false });
    const [file = ''] = readdirSync(at('worm'));
    expect(readFileSync(join(at('worm'), file), 'utf8')).toContain('"number":0');
  });

  it('wait while a target is away, with a growing pause, and are late on the status after that', async () => {
    const { url } = witness;
    await stop(witness);
    authority.away(1);
    await close(2);
    await queue.run();
    const [directory, away, stamps] = await states();
    expect(directory).toMatchObject({ newest: 0, waiting: 0 });
    expect(away).toMatchObject({ newest: null, waiting: 1, tries: 1 });
    expect(away?.trouble).toMatch(/^It does not answer: /);
    expect(stamps).toMatchObject({ waiting: 1, tries: 1, trouble: 'The timestamp authority answers 503.' });
    nowMs += 7 * HOUR_MS;
    await queue.run();
    expect((await states()).map(state => state.waiting)).toEqual([0, 1, 0]);
    const shown = await shownAnchors({ targets, lateMs: 6 * HOUR_MS }, anchors).read();
    expect(anchorAdvice(shown, { lateMs: 6 * HOUR_MS }, nowMs)).toMatchObject([
      { sentence: `One digest has waited for 7 hours for witness ${url}.` }
    ]);
    expect(anchorAdvice([], { lateMs: 1 }, nowMs)).toMatchObject([{ sentence: 'Digests are not anchored.' }]);
  });

  it('that were altered or removed in the directory are said, and no file is overwritten', async () => {
    await close(2);
    await close(2);
    await queue.run();
    const [first = '', second = ''] = readdirSync(at('worm')).map(name => join(at('worm'), name));
    chmodSync(first, 0o600);
    writeFileSync(first, readFileSync(first, 'utf8').replace('"count":2', '"count":3'));
    rmSync(second);
    nowMs += 2 * HOUR_MS;
    await queue.run();
    const altered = (await states())[0]?.altered;
    expect(altered).toMatch(/altered are those of digests 0; missing are those of digests 1\.$/);
    // Another history in the same place.
    await database.write.deleteFrom('anchor').where('target', 'like', 'directory%').execute();
    nowMs += 2 * HOUR_MS;
    await queue.run();
    expect((await states())[0]?.altered).toMatch(/is there already and holds something else/);
    expect(readFileSync(first, 'utf8')).toContain('"count":3');
  });

  it('go on in the directory where writing a file was cut short', async () => {
    await close(2);
    await queue.run();
    const [name = ''] = readdirSync(at('worm'));
    const file = join(at('worm'), name);
    expect(readdirSync(at('worm'))).toEqual([name]);
    const whole = readFileSync(file, 'utf8');
    // As it is left by a process that is killed in between, before the digest counts as anchored.
    rmSync(file);
    writeFileSync(file, whole.slice(0, 100));
    await database.write.deleteFrom('anchor').where('target', 'like', 'directory%').execute();
    await close(1);
    await queue.run();
    nowMs += 2 * HOUR_MS;
    await queue.run();
    expect((await states())[0]).toMatchObject({ newest: 1, waiting: 0, trouble: null, altered: null });
    expect(readFileSync(file.replace('.json', '.1.json'), 'utf8')).toBe(whole);
    expect(await verified('--anchor', at('worm'))).toMatchObject({
      outcome: 'whole',
      findings: { count: 0 }
    });
    // Cut short, and nothing comes after it.
    rmSync(file.replace('.json', '.1.json'));
    nowMs += 2 * HOUR_MS;
    await queue.run();
    expect((await states())[0]?.altered).toMatch(/altered are those of digests 0\.$/);
  });

  it('of a witness go on after it was killed, and it signs no second history', async () => {
    await close(2);
    await queue.run();
    await stop(witness);
    const before = witness.fingerprint;
    const place = new URL(witness.url);
    const child = spawn(
      process.execPath,
      [join(ROOT, 'labkeeper/node/witness.mjs'), '--state', at('witness'), '--listen', place.host],
      { stdio: ['ignore', 'pipe', 'inherit'] }
    );
    witness = { child, url: witness.url, fingerprint: before };
    await new Promise(resolve => child.stdout?.once('data', resolve));
    await close(2);
    await queue.run();
    expect((await states())[1]).toMatchObject({ newest: 1, waiting: 0, altered: null });
    // The owner of the key makes the last digest anew.
    await database.write.deleteFrom('anchor').where('digest', '=', 1).execute();
    await database.write.deleteFrom('digest').where('number', '=', 1).execute();
    nowMs += HOUR_MS;
    await new DigestMaker({ database, keys, nowMs: () => nowMs }).make();
    await queue.run();
    expect((await states())[1]?.altered).toBe('The witness refuses: I signed another digest 1 of this log.');
    const report = await verified('--witness', before, '--anchor', at('witness/witness.jsonl'));
    expect(report.outcome).toBe('altered');
  });
});

it('a witness does not begin with a file that was changed', async () => {
  const folder = scratchFolder();
  const witness = await startWitness(folder.path);
  await stop(witness);
  writeFileSync(join(folder.path, 'witness.jsonl'), '{"statement":{}}\n');
  await expect(startWitness(folder.path)).rejects.toThrow('The witness ended with 1.');
  folder.remove();
});
