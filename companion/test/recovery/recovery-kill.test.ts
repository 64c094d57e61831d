import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import { runId } from '../journal/scene.js';
import { scratch } from '../wire.js';
import { boot, NextBoot } from './flow.js';
import { KILLED_EDITS, KILLED_FILE, KILLED_NAMES } from './kill-scene.js';
import { sourcesOf } from './notebooks.js';

jest.setTimeout(300_000);

const ROUNDS = 50;
const DECISION_ROUNDS = 30;

describe('a companion that is killed while it recovers', () => {
  const folder = scratch();
  const program = join(folder.path, 'child.mjs');
  const children = new Set<ChildProcess>();
  beforeAll(() =>
    build({
      entryPoints: [join(__dirname, 'kill-child.mts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      // Test libraries of the shared scenes; the child uses none.
      external: ['esbuild']
    })
  );
  afterAll(() => {
    children.forEach(child => child.kill('SIGKILL'));
    folder.remove();
  });

  /** Runs the child to its end, or kills it so long after it began. @returns what it said, and how long it took. */
  async function run(
    home: string,
    root: string,
    decision: string,
    killMs: number
  ): Promise<{ said: string; tookMs: number }> {
    const child = spawn(process.execPath, [program, home, root, decision], {
      stdio: ['ignore', 'pipe', 'inherit']
    });
    children.add(child);
    let said = '';
    const begun = new Promise<void>(resolve => {
      child.stdout.setEncoding('utf8').on('data', text => {
        said += String(text);
        resolve();
      });
    });
    const closed = once(child, 'close');
    await begun;
    const beganMs = performance.now();
    if (killMs !== Infinity) {
      await Promise.race([pause(killMs), closed]);
      child.kill('SIGKILL');
    }
    await closed;
    children.delete(child);
    return { said, tookMs: performance.now() - beganMs };
  }

  async function scene(): Promise<{ home: ReturnType<typeof scratch>; root: string }> {
    const home = scratch();
    const root = join(home.path, 'work');
    mkdirSync(root);
    KILLED_NAMES.forEach(name => writeFileSync(join(root, name), KILLED_FILE));
    await boot(
      home.path,
      'first',
      KILLED_NAMES.map((path, index) => ({ run: runId(index), path, batches: KILLED_EDITS }))
    );
    return { home, root };
  }

  const isRecovered = (path: string): boolean => {
    const sources = sourcesOf(readFileSync(path));
    return sources[0] === 'cell 0!' && sources[39] === 'last' && sources.length === 40;
  };

  it(`damages no original and makes no second copy, in ${ROUNDS} of ${ROUNDS} kills at random moments`, async () => {
    const first = await scene();
    const { tookMs, said } = await run(first.home.path, first.root, '', Infinity);
    expect(said).toContain('told 2\nended');
    first.home.remove();
    const left = new Set<string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const { home, root } = await scene();
      await run(home.path, root, '', (tookMs * (round + Math.random())) / ROUNDS);
      left.add(
        readdirSync(root)
          .map(name => name.replace(/[0-9a-f]{16}/, ''))
          .sort()
          .join()
      );
      for (const name of KILLED_NAMES) {
        expect(readFileSync(join(root, name), 'utf8')).toBe(KILLED_FILE);
      }
      // What has the name of a copy is a whole one, or an empty file that the next start knows.
      const then = await new NextBoot(home.path, root).started();
      expect(then.log).toEqual([]);
      expect(then.all.map(({ problem }) => problem)).toEqual([null, null]);
      const copies = then.all.map(({ copyPath }) => copyPath ?? '');
      expect(copies.every(name => isRecovered(join(root, name)))).toBe(true);
      expect(readdirSync(root).sort()).toEqual([...KILLED_NAMES, ...copies].sort());
      home.remove();
    }
    // The kills came at all stages.
    expect(left.size).toBeGreaterThan(3);
  });

  it.each(['restore', 'discard', 'keep-both'])(
    `carries a decision to %s out, or asks again, and loses nothing in ${DECISION_ROUNDS} kills`,
    async decision => {
      let decided = 0;
      let asked = 0;
      for (let round = 0; round < DECISION_ROUNDS; round += 1) {
        const { home, root } = await scene();
        await new NextBoot(home.path, root).started();
        const { said } = await run(home.path, root, decision, Math.random() * 60);
        const wasDecided = KILLED_NAMES.map((_, index) => said.includes(`decides first/${runId(index)}`));
        const wasDone = KILLED_NAMES.map((_, index) => said.includes(`done first/${runId(index)}`));
        const then = await new NextBoot(home.path, root).started();
        expect(then.log).toEqual([]);
        for (const [index, name] of KILLED_NAMES.entries()) {
          const again = then.all.find(({ path }) => path === name);
          const original = readFileSync(join(root, name), 'utf8');
          decided += again ? 0 : 1;
          asked += again ? 1 : 0;
          if (again) {
            expect(wasDone[index]).toBe(false);
            expect(again.problem).toBeNull();
            expect(original).toBe(KILLED_FILE);
            expect(isRecovered(join(root, again.copyPath ?? ''))).toBe(true);
            continue;
          }
          expect(wasDecided[index]).toBe(true);
          const copy = join(root, name.replace('.ipynb', ' (recovered 2026-11-26 10.41).ipynb'));
          const kept = join(root, name.replace('.ipynb', ' (before recovery 2026-11-26 10.41).ipynb'));
          expect(existsSync(copy)).toBe(decision === 'keep-both');
          expect(existsSync(kept)).toBe(decision === 'restore');
          if (decision === 'restore') {
            expect(isRecovered(join(root, name))).toBe(true);
            expect(readFileSync(kept, 'utf8')).toBe(KILLED_FILE);
          } else {
            expect(original).toBe(KILLED_FILE);
          }
        }
        expect(readdirSync(root)).toHaveLength(
          2 + then.all.length + (decision === 'discard' ? 0 : 2 - then.all.length)
        );
        home.remove();
      }
      expect(decided).toBeGreaterThan(3);
      expect(asked).toBeGreaterThan(3);
    }
  );
});
