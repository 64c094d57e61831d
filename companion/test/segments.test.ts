import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { decodeFrames, encodeFrame } from '../src/recorder/frame.js';
import { ensureOwnFolder, ownFolder, NotOursError, readOwnFile } from '../src/recorder/own-folder.js';
import { readRuns, removeRun, SEGMENT_BYTES, Segments } from '../src/recorder/segments.js';
import { scratch } from './wire.js';

describe('records in a file', () => {
  it('come back whole and in order', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), texts => {
        expect(decodeFrames(Buffer.concat(texts.map(encodeFrame)))).toEqual({ texts, skippedBytes: 0 });
      })
    );
  });

  it('are lost only where the file was torn or overwritten', () => {
    const texts = Array.from({ length: 20 }, (_, i) => `{"n":${i},"text":"${'x'.repeat(i * 7)}"}`);
    const frames = texts.map(encodeFrame);
    const whole = Buffer.concat(frames);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }), (at, garbage) => {
        const torn = Buffer.from(whole);
        torn.set(garbage.subarray(0, whole.length - at), at);
        const end = Math.min(at + garbage.length, whole.length);
        let start = 0;
        const untouched = texts.filter((_, i) => {
          const from = start;
          start += frames[i]?.length ?? 0;
          return start <= at || from >= end;
        });
        expect(decodeFrames(torn).texts).toEqual(expect.arrayContaining(untouched));
      })
    );
  });

  it('survive a cut at any byte, and zeros after it', () => {
    const texts = ['first', 'second', 'third'];
    const whole = Buffer.concat(texts.map(encodeFrame));
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const kept = decodeFrames(Buffer.concat([whole.subarray(0, cut), Buffer.alloc(64)])).texts;
      expect(kept).toEqual(texts.slice(0, kept.length));
    }
  });

  it('are refused when a byte of their text changed', () => {
    const file = encodeFrame('{"held":7000000000}');
    file[14] = (file[14] ?? 0) ^ 1;
    expect(decodeFrames(file).texts).toEqual([]);
  });
});

describe('the ring on the home volume', () => {
  const home = scratch();
  afterAll(home.remove);

  it('stays below 1 MB, and each segment can be read alone', async () => {
    const folder = await ensureOwnFolder(home.path, 'flight', 'ring');
    const ring = new Segments(folder, 'boot-1', () => ['opening']);
    for (let i = 0; i < 400; i += 1) {
      await ring.append([`${i} ${'x'.repeat(8000)}`]);
    }
    await ring.close();
    const sizes = readdirSync(folder).map(name => statSync(join(folder, name)).size);
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(SEGMENT_BYTES);
    const [run] = await readRuns(folder, 'other', () => undefined);
    expect(run?.texts.filter(text => text === 'opening')).toHaveLength(2);
    expect(run?.texts.at(-1)).toMatch(/^399 /);
    expect(run?.skippedBytes).toBe(0);
  });

  it('stays as small when all that waited for a slow disk comes at once', async () => {
    const folder = await ensureOwnFolder(home.path, 'flight', 'at-once');
    const ring = new Segments(folder, 'boot-1', () => ['opening']);
    await ring.append(Array.from({ length: 256 }, (_, i) => `${i} ${'x'.repeat(8000)}`));
    await ring.close();
    const sizes = readdirSync(folder).map(name => statSync(join(folder, name)).size);
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(SEGMENT_BYTES);
    const [run] = await readRuns(folder, 'other', () => undefined);
    expect(run?.texts.at(-1)).toMatch(/^255 /);
  });

  it('keeps the runs of two companions apart', async () => {
    const folder = await ensureOwnFolder(home.path, 'flight', 'shared');
    const one = new Segments(folder, 'one', () => []);
    const two = new Segments(folder, 'two', () => []);
    for (let i = 0; i < 10; i += 1) {
      await Promise.all([one.append([`one ${i}`]), two.append([`two ${i}`])]);
    }
    await Promise.all([one.close(), two.close()]);
    const [run] = await readRuns(folder, 'two', () => undefined);
    expect(run?.texts).toEqual(Array.from({ length: 10 }, (_, i) => `one ${i}`));
    if (run) {
      await removeRun(run);
    }
    expect(await readRuns(folder, 'two', () => undefined)).toEqual([]);
  });

  it('reads around a torn tail after which a run went on', async () => {
    const folder = await ensureOwnFolder(home.path, 'flight', 'torn');
    const ring = new Segments(folder, 'torn', () => []);
    await ring.append(['before']);
    await ring.close();
    const path = join(folder, 'torn.0.flight');
    appendFileSync(path, encodeFrame('lost half').subarray(0, 11));
    appendFileSync(path, encodeFrame('after'));
    const [run] = await readRuns(folder, 'me', () => undefined);
    expect(run).toMatchObject({ texts: ['before', 'after'], skippedBytes: 11 });
    expect(readFileSync(path)).toHaveLength(run?.sizeBytes ?? -1);
  });

  it('neither follows links nor takes folders that are links', async () => {
    const folder = await ensureOwnFolder(home.path, 'flight', 'links');
    writeFileSync(join(home.path, 'secret'), 'not yours');
    symlinkSync(join(home.path, 'secret'), join(folder, 'evil.0.flight'));
    const problems: unknown[] = [];
    const [run] = await readRuns(folder, 'me', error => problems.push(error));
    expect(run?.texts).toEqual([]);
    expect(problems).toHaveLength(1);
    await expect(readOwnFile(join(folder, 'evil.0.flight'), 100)).rejects.toThrow('ELOOP');

    mkdirSync(join(home.path, 'elsewhere'));
    symlinkSync(join(home.path, 'elsewhere'), ownFolder(home.path, 'flight', 'linked'));
    await expect(ensureOwnFolder(home.path, 'flight', 'linked')).rejects.toThrow(NotOursError);
    mkdirSync(join(home.path, 'other', '.local', 'share'), { recursive: true });
    symlinkSync(join(home.path, 'elsewhere'), join(home.path, 'other', '.local', 'share', 'labkeeper'));
    await expect(ensureOwnFolder(join(home.path, 'other'), 'flight', '')).rejects.toThrow(NotOursError);
    expect(readdirSync(join(home.path, 'elsewhere'))).toEqual([]);
  });

  it('has a folder of its own for each server name, whatever the name', () => {
    const names = ['', 'a/b', 'a_b', '../../etc', 'ü', 'a'.repeat(300)];
    const folders = names.map(name => ownFolder('/home/r', 'flight', name));
    expect(new Set(folders).size).toBe(names.length);
    folders.forEach(folder =>
      expect(folder).toMatch(/^\/home\/r\/\.local\/share\/labkeeper\/flight\/[\w-]{1,80}$/)
    );
  });
});
