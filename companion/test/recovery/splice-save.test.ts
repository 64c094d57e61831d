import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { FoldedRun } from '@labkeeper/core';
import type { JournalRecord, SpliceOutcome } from '@labkeeper/protocol';
import { spliceSave, type ISpliceSave } from '../../src/recovery/splice-save.js';
import { scratch } from '../wire.js';
import { base, code, notebookText, printed, sha256, sourcesOf, typed } from './notebooks.js';
import { NO_SMALL_DISK, smallDisk } from './small-disk.js';

const FILE = notebookText([code('one', { outputs: [printed('1\n')] }), code('two')]);

describe('a notebook that is saved by splicing', () => {
  let home: ReturnType<typeof scratch>;
  let path: string;
  beforeEach(() => {
    home = scratch();
    path = join(home.path, 'a.ipynb');
    writeFileSync(path, FILE);
  });
  afterEach(() => home.remove());

  function fold(records: readonly JournalRecord[]): FoldedRun {
    const run = new FoldedRun('notebook');
    records.forEach(record => run.add(record));
    return run;
  }

  const typing = (): FoldedRun => fold([base(FILE, 2), typed(0, 'one', 3, '!')]);
  const save = (more: Partial<ISpliceSave> = {}): Promise<SpliceOutcome> =>
    spliceSave({ path, expectedHash: sha256(FILE), run: typing(), unique: 'test', ...more });

  it('has what changed, its permissions, and is what is told of it', async () => {
    chmodSync(path, 0o660);
    const before = statSync(path);
    const saved = await save();
    const bytes = readFileSync(path);
    const now = statSync(path);
    expect(sourcesOf(bytes)).toEqual(['one!', 'two']);
    expect(saved).toMatchObject({
      kind: 'saved',
      hash: sha256(bytes),
      sizeBytes: bytes.length,
      lastModifiedMs: Math.floor(now.mtimeMs),
      durable: true
    });
    expect(now.mode & 0o777).toBe(0o660);
    expect(now.ino).not.toBe(before.ino);
    expect(readdirSync(home.path)).toEqual(['a.ipynb']);
  });

  it('is left alone when it is another file than the one that was edited', async () => {
    expect(await save({ expectedHash: 'ab'.repeat(32) })).toMatchObject({ kind: 'refused', why: 'changed' });
    rmSync(path);
    expect(await save()).toMatchObject({ kind: 'refused', why: 'changed' });
    expect(readdirSync(home.path)).toEqual([]);
  });

  it('is left alone when it is written while it is saved', async () => {
    const run = typing();
    let asked = 0;
    const cells = run.cells.bind(run);
    run.cells = () => {
      asked += 1;
      // Once the file has been read.
      writeFileSync(path, FILE.replace('two', 'TWO'));
      return cells();
    };
    expect(await save({ run })).toMatchObject({ kind: 'refused', why: 'changed' });
    expect(asked).toBeGreaterThan(0);
    expect(readFileSync(path, 'utf8')).toBe(FILE.replace('two', 'TWO'));
    expect(readdirSync(home.path)).toEqual(['a.ipynb']);
  });

  it('is left to others where a new file cannot take its place', async () => {
    linkSync(path, join(home.path, 'b.ipynb'));
    expect(await save()).toMatchObject({ kind: 'refused', why: 'not-plain' });
    rmSync(join(home.path, 'b.ipynb'));
    symlinkSync(path, join(home.path, 'c.ipynb'));
    expect(await save({ path: join(home.path, 'c.ipynb') })).toMatchObject({
      kind: 'refused',
      why: 'not-plain'
    });
    mkdirSync(join(home.path, 'd.ipynb'));
    expect(await save({ path: join(home.path, 'd.ipynb') })).toMatchObject({ kind: 'refused' });
    expect(readFileSync(path, 'utf8')).toBe(FILE);
  });

  it('is left to others where not every byte is understood, or a record does not fit', async () => {
    const wrong = fold([base(FILE, 2), { t: 'edit', c: 0, at: 0, ins: 'x', sum: 1 }]);
    expect(await save({ run: wrong })).toMatchObject({ kind: 'refused', why: 'doubt' });
    const odd = FILE.replace('"nbformat": 4', '"nbformat": 3');
    writeFileSync(path, odd);
    expect(await save({ expectedHash: sha256(odd) })).toMatchObject({ kind: 'refused', why: 'doubt' });
    expect(readFileSync(path, 'utf8')).toBe(odd);
    expect(readdirSync(home.path)).toEqual(['a.ipynb']);
  });

  const asRoot = NO_SMALL_DISK === null ? it : it.skip;

  asRoot('stays as it is on a disk that is full or read-only', async () => {
    const disk = smallDisk(join(home.path, 'disk'), 1024 * 1024);
    try {
      const large = notebookText([code('one', { outputs: [printed('x'.repeat(300_000))] }), code('two')]);
      const there = join(disk.path, 'a.ipynb');
      writeFileSync(there, large);
      writeFileSync(join(disk.path, 'filler'), Buffer.alloc(550_000));
      const run = fold([base(large, 2), typed(0, 'one', 3, '!')]);
      const full = await save({ path: there, expectedHash: sha256(large), run });
      expect(full).toMatchObject({ kind: 'refused', why: 'disk-full' });
      expect(readdirSync(disk.path).sort()).toEqual(['a.ipynb', 'filler']);
      await disk.readOnly();
      const readOnly = await save({ path: there, expectedHash: sha256(large), run });
      expect(readOnly).toMatchObject({ kind: 'refused', why: 'not-writable' });
      expect(readFileSync(there, 'utf8')).toBe(large);
    } finally {
      disk.remove();
    }
  });

  asRoot('is left to others where it is mounted by itself', async () => {
    writeFileSync(join(home.path, 'source'), FILE);
    execFileSync('mount', ['--bind', join(home.path, 'source'), path]);
    try {
      expect(await save()).toMatchObject({ kind: 'refused', why: 'not-plain' });
      expect(readFileSync(path, 'utf8')).toBe(FILE);
      expect(readdirSync(home.path).sort()).toEqual(['a.ipynb', 'source']);
    } finally {
      execFileSync('umount', [path]);
    }
  });

  asRoot('is left to others where it belongs to somebody else', async () => {
    execFileSync('chmod', ['777', home.path]);
    chmodSync(path, 0o666);
    process.seteuid?.(65534);
    try {
      expect(await save()).toMatchObject({ kind: 'refused', why: 'not-plain' });
    } finally {
      process.seteuid?.(0);
    }
    expect(readFileSync(path, 'utf8')).toBe(FILE);
    expect(readdirSync(home.path)).toEqual(['a.ipynb']);
  });
});
