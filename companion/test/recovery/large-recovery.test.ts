import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { JournalRecord } from '@labkeeper/protocol';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import { openStore, runId } from '../journal/scene.js';
import { scratch } from '../wire.js';
import { NextBoot } from './flow.js';
import { hashOf, writeLargeNotebook } from './large-notebook.js';
import { base, code, linesOf, notebookText, printed, sourcesOf } from './notebooks.js';
import { recoverApart } from '../../src/recovery/recover-apart.js';

jest.setTimeout(300_000);

/** As the server extension starts the companion. */
const NODE_ARGUMENTS = [
  '--expose-gc',
  '--max-semi-space-size=1',
  '--max-old-space-size=64',
  '--optimize-for-size'
];
const MIB = 1024 * 1024;

describe('large work', () => {
  const folder = scratch();
  const [measure, apart] = ['measure-large', 'recovery-process'].map(name =>
    join(folder.path, `${name}.mjs`)
  );
  const path = join(folder.path, 'large.ipynb');
  let hash = '';
  beforeAll(async () => {
    await build({
      entryPoints: {
        'measure-large': join(__dirname, 'measure-large.mts'),
        'recovery-process': join(__dirname, '../../src/recovery/recovery-process.ts')
      },
      outdir: folder.path,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm'
    });
    hash = await writeLargeNotebook(path);
  });
  afterAll(() => folder.remove());

  /** What of the two files is not the same. */
  async function difference(one: string, other: string): Promise<{ was: string; is: string }> {
    const [first, second] = [await open(one), await open(other)];
    try {
      const sizes = [(await first.stat()).size, (await second.stat()).size] as const;
      const same = async (fromEnd: boolean): Promise<number> => {
        const [a, b] = [Buffer.alloc(MIB), Buffer.alloc(MIB)];
        for (let at = 0; ; at += MIB) {
          const length = Math.min(MIB, sizes[0] - at, sizes[1] - at);
          await first.read(a, 0, length, fromEnd ? sizes[0] - at - length : at);
          await second.read(b, 0, length, fromEnd ? sizes[1] - at - length : at);
          if (length === 0 || !a.subarray(0, length).equals(b.subarray(0, length))) {
            let more = 0;
            const byte = (buffer: Buffer): number | undefined => buffer[fromEnd ? length - 1 - more : more];
            while (more < length && byte(a) === byte(b)) {
              more += 1;
            }
            return at + more;
          }
        }
      };
      const head = await same(false);
      const tail = Math.min(await same(true), sizes[0] - head, sizes[1] - head);
      const part = async (file: typeof first, size: number): Promise<string> => {
        const { buffer, bytesRead } = await file.read(
          Buffer.alloc(size - head - tail),
          0,
          size - head - tail,
          head
        );
        return buffer.subarray(0, bytesRead).toString();
      };
      return { was: await part(first, sizes[0]), is: await part(second, sizes[1]) };
    } finally {
      await first.close();
      await second.close();
    }
  }

  function measured(...given: string[]): { privateBytes: number; cpuMs: number } {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [...NODE_ARGUMENTS, measure ?? '', ...given],
      {
        encoding: 'utf8'
      }
    );
    if (status !== 0) {
      throw new Error(stderr);
    }
    const result: { privateBytes: number; cpuMs: number } = JSON.parse(stdout);
    return result;
  }

  it.each(['recover', 'later'])('of 115 MB needs a few megabytes to %s', what => {
    const { privateBytes } = measured(what, path, hash);
    expect(privateBytes).toBeLessThan(20 * MIB);
  });

  it('of 115 MB is saved with a few megabytes, and nothing else in it changes', async () => {
    const copy = join(folder.path, 'saved.ipynb');
    copyFileSync(path, copy);
    const { privateBytes } = measured('save', copy, hash);
    expect(privateBytes).toBeLessThan(20 * MIB);
    expect(await hashOf(copy)).not.toBe(hash);
    const { was, is } = await difference(path, copy);
    // From the execution count of the cell to the end of its source: a comparison prints no image.
    expect([was.slice(0, 2), is.slice(0, 2), is.slice(-30)]).toEqual([
      '1,',
      '7,',
      '\n    "    train(epoch)\\n",\n    "x'.slice(-30)
    ]);
    expect(is.length - was.length).toBe('",\n    "x'.length);
  });

  it('in the journal is recovered in a process with room for it', async () => {
    const home = scratch();
    const file = notebookText(Array.from({ length: 80 }, (_, index) => code(`cell ${index}`)));
    writeFileSync(join(home.path, 'a.ipynb'), file);
    const { store, page } = openStore(new HomeDisk(home.path, '', 'first'), 'first');
    store.open(page, { run: runId(1), path: 'a.ipynb', kind: 'notebook', replaces: null, savedAtMs: null });
    // 80 times 1 MB of outputs: more than the companion's whole heap.
    const batches: JournalRecord[][] = [
      [base(file, 80)],
      ...Array.from({ length: 80 }, (_, c): JournalRecord[] => [
        { t: 'out', c, from: 0, v: [printed(`${String(c).padEnd(999, 'y')}\n`.repeat(1000))] }
      ])
    ];
    for (const [index, records] of batches.entries()) {
      store.append(page, runId(1), index + 1, false, Buffer.from(linesOf(records)));
      await store.flush();
    }
    store.dispose();
    const then = await new NextBoot(home.path, home.path, {
      prepare: run =>
        recoverApart(run, {
          nodePath: process.execPath,
          scriptPath: apart ?? '',
          home: home.path,
          serverName: '',
          rootDir: home.path
        })
    }).started();
    expect(then.log).toEqual([]);
    expect(then.only).toMatchObject({ problem: null, changedCells: 80 });
    const copy = readFileSync(join(home.path, then.only.copyPath ?? ''), 'utf8');
    expect(copy.length).toBeGreaterThan(80_000_000);
    expect(sourcesOf(copy)).toHaveLength(80);
    home.remove();
  });

  it.each([
    ['is killed', 'process.kill(process.pid, "SIGKILL")', 'SIGKILL'],
    ['runs out of memory', 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length))', 'heap'],
    ['fails', 'throw new Error("a bug")', 'a bug'],
    ['says nothing', '', '0'],
    ['says nonsense', 'console.log("{\\"kind\\":\\"copy\\"}")', '0']
  ])('is told to be unreadable when the process %s', async (_, program, told) => {
    const scriptPath = join(folder.path, 'broken.mjs');
    writeFileSync(scriptPath, program);
    const home = scratch();
    writeFileSync(join(home.path, 'a.ipynb'), notebookText([code('one')]));
    const { store, page } = openStore(new HomeDisk(home.path, '', 'first'), 'first');
    store.open(page, { run: runId(1), path: 'a.ipynb', kind: 'notebook', replaces: null, savedAtMs: null });
    store.append(page, runId(1), 1, false, Buffer.from(linesOf([base(null, 0)])));
    await store.flush();
    store.dispose();
    const options = { scriptPath, home: home.path, serverName: '', rootDir: home.path };
    const then = await new NextBoot(home.path, home.path, {
      prepare: run => recoverApart(run, { nodePath: process.execPath, ...options })
    }).started();
    expect(then.only).toMatchObject({ problem: 'unreadable', copyPath: null });
    expect(then.log.join()).toContain(told);
    const none = await new NextBoot(home.path, home.path, {
      prepare: run => recoverApart(run, { nodePath: join(home.path, 'no-node'), ...options })
    }).started();
    expect(none.only).toMatchObject({ problem: 'unreadable' });
    expect(none.log.join()).toContain('ENOENT');
    home.remove();
  });
});
