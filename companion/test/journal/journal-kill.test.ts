import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import { ownFolder } from '../../src/recorder/own-folder.js';
import { scratch } from '../wire.js';
import { bodyOf } from './kill-body.js';
import { earlierOf } from './scene.js';

jest.setTimeout(180_000);

const ROUNDS = 100;

const journal = (home: string): string => ownFolder(home, 'journal', '');

describe('a companion that is killed while it writes', () => {
  const folder = scratch();
  const children = new Set<ChildProcess>();
  afterAll(() => {
    children.forEach(child => child.kill('SIGKILL'));
    folder.remove();
  });

  /** Runs the child until it is killed, a moment after so many acknowledgements. @returns what it said. */
  async function killed(program: string, home: string, seed: number, acks: number): Promise<string[]> {
    const child = spawn(process.execPath, [program, home, String(seed)], {
      stdio: ['ignore', 'pipe', 'inherit']
    });
    children.add(child);
    let said = '';
    const heard = new Promise<void>(resolve => {
      child.stdout.setEncoding('utf8').on('data', text => {
        said += String(text);
        if (said.split('\nack ').length > acks) {
          resolve();
        }
      });
    });
    await heard;
    await pause(Math.random() * 5);
    child.kill('SIGKILL');
    await once(child, 'close');
    children.delete(child);
    // The last line may be cut.
    return said.split('\n').slice(0, -1);
  }

  it(`leaves every acknowledged batch, in ${ROUNDS} of ${ROUNDS} kills at random moments`, async () => {
    const program = join(folder.path, 'child.mjs');
    await build({
      entryPoints: [join(__dirname, 'kill-child.mts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm'
    });
    let acknowledgedRuns = 0;
    let cleanedRounds = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const home = scratch();
      const lines = (await killed(program, home.path, round, Math.random() * 120)).map(line =>
        line.split(' ')
      );
      expect(lines.filter(([what]) => what === 'lost' || what === 'log')).toEqual([]);
      const done = new Set(lines.flatMap(([what, run]) => (what === 'done' ? [run] : [])));
      const acknowledged = new Map(
        lines.flatMap(([what, run, seq]) => (what === 'ack' && run ? [[run, Number(seq)] as const] : []))
      );
      const names = existsSync(journal(home.path)) ? readdirSync(journal(home.path)) : [];
      cleanedRounds += names.length > 0 && !names.includes(`boot-${round}.0.journal`) ? 1 : 0;
      const earlier = await earlierOf(home.path);
      const found = new Map(earlier.all.map(run => [run.run, run]));
      for (const [run, seq] of acknowledged) {
        if (!done.has(run)) {
          acknowledgedRuns += 1;
          expect(found.get(run)?.lastSeq).toBeGreaterThanOrEqual(seq);
        }
      }
      for (const run of earlier.all) {
        expect(run.damagedAfterSeq).toBeNull();
        let seq = 0;
        for await (const batch of run.batches()) {
          seq += 1;
          expect(batch).toEqual({ seq, text: bodyOf(run.run, seq) });
        }
        expect(seq).toBe(run.lastSeq);
      }
      home.remove();
    }
    // The kills came while there was something to lose, and often after segments had been cleaned.
    expect(acknowledgedRuns).toBeGreaterThan(ROUNDS);
    expect(cleanedRounds).toBeGreaterThan(ROUNDS / 10);
  });
});
