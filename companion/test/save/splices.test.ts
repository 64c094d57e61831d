import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { JournalRecord, RunId, SpliceOutcome } from '@labkeeper/protocol';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import { spliceApart } from '../../src/recovery/splice-apart.js';
import { Splices } from '../../src/save/splices.js';
import { openStore, runId } from '../journal/scene.js';
import { base, code, linesOf, notebookText, sha256, sourcesOf, typed } from '../recovery/notebooks.js';
import { scratch } from '../wire.js';

jest.setTimeout(60_000);

const FILE = notebookText([code('one'), code('two')]);
const RUN = runId(1);

describe('saves that the companion does', () => {
  const programs = scratch();
  const scriptPath = join(programs.path, 'recovery-process.mjs');
  beforeAll(() =>
    build({
      entryPoints: [join(__dirname, '../../src/recovery/recovery-process.ts')],
      outfile: scriptPath,
      bundle: true,
      platform: 'node',
      format: 'esm'
    })
  );
  afterAll(() => programs.remove());

  let home: ReturnType<typeof scratch>;
  let path: string;
  let scene: ReturnType<typeof openStore>;
  let splices: Splices;
  let spliced = 0;
  beforeEach(() => {
    home = scratch();
    path = join(home.path, 'a.ipynb');
    writeFileSync(path, FILE);
    scene = openStore(new HomeDisk(home.path, '', 'boot'), 'boot');
    spliced = 0;
    splices = new Splices({
      store: scene.store,
      log: line => scene.log.push(line),
      splice: ({ run, seq }, bytes) => {
        spliced += 1;
        const where = { home: home.path, serverName: '', boot: 'boot', rootDir: home.path };
        return spliceApart(
          { nodePath: process.execPath, scriptPath },
          { ...where, run, seq, signatures: null },
          bytes
        );
      }
    });
    scene.store.open(scene.page, {
      run: RUN,
      path: 'a.ipynb',
      kind: 'notebook',
      replaces: null,
      savedAtMs: null
    });
  });
  afterEach(() => {
    scene.store.dispose();
    home.remove();
  });

  function append(seq: number, records: readonly JournalRecord[], run: RunId = RUN): void {
    scene.store.append(scene.page, run, seq, false, Buffer.from(linesOf(records)));
  }
  const sources = (): unknown[] => sourcesOf(readFileSync(path));

  it('put everything up to a batch into the file, and nothing of what comes after', async () => {
    append(1, [base(FILE, 2), typed(0, 'one', 3, '!')]);
    append(2, [typed(1, 'two', 3, '?')]);
    expect(await splices.ask({ run: RUN, seq: 1, trusted: false })).toMatchObject({
      kind: 'saved',
      hash: sha256(readFileSync(path)),
      durable: true
    });
    expect(sources()).toEqual(['one!', 'two']);
    expect(readdirSync(home.path).sort()).toEqual(['.local', 'a.ipynb']);
  });

  it('are done once, however often they are asked for', async () => {
    append(1, [base(FILE, 2), typed(0, 'one', 3, '!')]);
    const [one, other] = await Promise.all([
      splices.ask({ run: RUN, seq: 1, trusted: false }),
      splices.ask({ run: RUN, seq: 1, trusted: false })
    ]);
    expect(one).toEqual(other);
    expect(await splices.ask({ run: RUN, seq: 1, trusted: false })).toEqual(one);
    expect(spliced).toBe(1);
  });

  it('are tried again when they were refused', async () => {
    append(1, [base(FILE, 2), typed(0, 'one', 3, '!')]);
    const outcomes: SpliceOutcome[] = [
      { kind: 'refused', why: 'disk-full', detail: '' },
      { kind: 'saved', hash: sha256(FILE), sizeBytes: 1, lastModifiedMs: 0, durable: true }
    ];
    const [full, saved] = outcomes;
    const patient = new Splices({
      store: scene.store,
      log: line => scene.log.push(line),
      splice: () => Promise.resolve(outcomes.shift() ?? { kind: 'refused', why: 'doubt', detail: '' })
    });
    const ask = () => patient.ask({ run: RUN, seq: 1, trusted: false });
    expect(await ask()).toEqual(full);
    expect(await Promise.all([ask(), ask()])).toEqual([saved, saved]);
    expect(await ask()).toEqual(saved);
  });

  it('are done by a Node without SQLite too, which signs nothing', async () => {
    const nodePath = join(home.path, 'node-without-sqlite');
    writeFileSync(nodePath, `#!/bin/sh\nexec "${process.execPath}" --no-experimental-sqlite "$@"\n`, {
      mode: 0o755
    });
    append(1, [base(FILE, 2), typed(0, 'one', 3, '!')]);
    const signatures = { secretFile: join(home.path, 'secret'), dbFile: join(home.path, 'db') };
    writeFileSync(signatures.secretFile, 'secret');
    const old = new Splices({
      store: scene.store,
      log: line => scene.log.push(line),
      splice: ({ run, seq }, bytes) => {
        const where = { home: home.path, serverName: '', boot: 'boot', rootDir: home.path };
        return spliceApart({ nodePath, scriptPath }, { ...where, run, seq, signatures }, bytes);
      }
    });
    expect(await old.ask({ run: RUN, seq: 1, trusted: true })).toMatchObject({ kind: 'saved' });
    expect(sources()).toEqual(['one!', 'two']);
  });

  it('leave a file alone that is another one, or that the journal does not hold so far', async () => {
    append(1, [base(FILE, 2), typed(0, 'one', 3, '!')]);
    expect(await splices.ask({ run: RUN, seq: 2, trusted: false })).toMatchObject({
      kind: 'refused',
      why: 'unknown-run'
    });
    expect(await splices.ask({ run: runId(7), seq: 1, trusted: false })).toMatchObject({
      kind: 'refused',
      why: 'unknown-run'
    });
    const theirs = notebookText([code('theirs'), code('two')]);
    writeFileSync(path, theirs);
    expect(await splices.ask({ run: RUN, seq: 1, trusted: false })).toMatchObject({
      kind: 'refused',
      why: 'changed'
    });
    expect(readFileSync(path, 'utf8')).toBe(theirs);
  });

  it('say so when the process is killed, and leave the file whole', async () => {
    const dead = new Splices({
      store: scene.store,
      log: line => scene.log.push(line),
      splice: ({ run, seq }, bytes) => {
        const where = {
          home: home.path,
          serverName: '',
          boot: 'boot',
          rootDir: home.path,
          run,
          seq,
          signatures: null
        };
        return spliceApart({ nodePath: process.execPath, scriptPath: '/nowhere.mjs' }, where, bytes);
      }
    });
    append(1, [base(FILE, 2), typed(0, 'one', 3, '!')]);
    expect(await dead.ask({ run: RUN, seq: 1, trusted: false })).toMatchObject({
      kind: 'refused',
      why: 'unknown-run'
    });
    expect(readFileSync(path, 'utf8')).toBe(FILE);
  });

  it('leave alone what is not below the root, and what cannot be folded', async () => {
    const run = runId(2);
    scene.store.open(scene.page, {
      run,
      path: '../a.ipynb',
      kind: 'notebook',
      replaces: null,
      savedAtMs: null
    });
    append(1, [base(FILE, 2), typed(0, 'one', 3, '!')], run);
    expect(await splices.ask({ run: run, seq: 1, trusted: false })).toMatchObject({
      kind: 'refused',
      why: 'not-plain'
    });
    append(1, [base(FILE, 2), { t: 'edit', c: 0, at: 3, ins: '!', sum: 1 }]);
    expect(await splices.ask({ run: RUN, seq: 1, trusted: false })).toMatchObject({
      kind: 'refused',
      why: 'doubt'
    });
    expect(readFileSync(path, 'utf8')).toBe(FILE);
  });

  it('are refused where files are not plain ones of this machine', async () => {
    const nowhere = new Splices({ store: scene.store, log: () => undefined, splice: null });
    expect(await nowhere.ask({ run: RUN, seq: 1, trusted: false })).toMatchObject({
      kind: 'refused',
      why: 'not-here'
    });
  });
});
