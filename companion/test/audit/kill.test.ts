import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import { scratch } from '../wire.js';
import { SpoolScene } from './scene.js';

jest.setTimeout(60_000);

const ROUNDS = 20;

describe('a companion that is killed while it records', () => {
  const folder = scratch();
  const children = new Set<ChildProcess>();
  afterAll(() => {
    children.forEach(child => child.kill('SIGKILL'));
    folder.remove();
  });

  /** Runs the child until it is killed, a moment after so many acknowledgements. @returns what it said. */
  async function killed(program: string, home: string, boot: string, acks: number): Promise<string[]> {
    const child = spawn(process.execPath, [program, home, boot], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.add(child);
    let said = '';
    await new Promise<void>(resolve => {
      child.stdout.setEncoding('utf8').on('data', text => {
        said += String(text);
        if (said.split('ack ').length > acks) {
          resolve();
        }
      });
    });
    await pause(Math.random() * 5);
    child.kill('SIGKILL');
    await once(child, 'close');
    children.delete(child);
    // The last line may be cut.
    return said.split('\n').slice(0, -1);
  }

  it(`loses no acknowledged record, in ${ROUNDS} of ${ROUNDS} kills at random moments`, async () => {
    const program = join(folder.path, 'child.mjs');
    await build({
      entryPoints: [join(__dirname, 'kill-child.mts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm'
    });
    for (let round = 0; round < ROUNDS; round += 1) {
      const home = scratch();
      const boot = randomUUID();
      const said = await killed(program, home.path, boot, Math.random() * 150);
      expect(said.filter(line => !line.startsWith('ack '))).toEqual([]);
      const acknowledged = Number(said.at(-1)?.split(' ')[1] ?? 0);
      expect(acknowledged).toBeGreaterThan(0);
      const next = new SpoolScene(home.path);
      await next.spool.start();
      const [stream] = next.spool.earlier.waiting;
      expect(stream?.boot).toBe(boot);
      expect(stream?.head.seq).toBeGreaterThanOrEqual(acknowledged);
      // No gap but the one that is true: nothing was damaged.
      expect(await next.told()).toEqual(['opened', 'companion-down']);
      // Whatever was not acknowledged to the child's hub can be sent, each record behind the one before it.
      let seq = Math.max(0, acknowledged - 400);
      while (stream && seq < stream.head.seq) {
        const batch = await stream.batch({ seq, hash: (await stream.hashAt(seq)) ?? '' }, 500);
        expect(batch?.head.seq).toBeGreaterThan(seq);
        seq = batch?.head.seq ?? Infinity;
      }
      await next.spool.close(false);
      home.remove();
    }
  });
});
