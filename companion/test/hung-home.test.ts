import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import { scratch } from './wire.js';

jest.setTimeout(60_000);

/**
 * Lets every look into one folder of ours hang as a dead network does: a thread of Node's waits in the system, for ever (to open
 * a named pipe that nobody writes to).
 */
const HANG = `
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
const { mkdir, open } = fs;
fs.mkdir = (path, ...more) =>
  path.includes('/labkeeper/' + process.env.HUNG_KIND + '/') ? open(process.env.HUNG_PIPE, 'r') : mkdir(path, ...more);
syncBuiltinESMExports();
`;

describe('a home that hangs', () => {
  const folder = scratch();
  const children: ChildProcess[] = [];
  afterAll(() => {
    children.forEach(child => child.kill('SIGKILL'));
    folder.remove();
  });

  it.each(['flight', 'audit'])(
    'neither keeps the companion from being ready nor from ending with its server: %s',
    async kind => {
      const [program, hang, pipe] = ['companion.mjs', 'hang.mjs', `pipe-${kind}`].map(name =>
        join(folder.path, name)
      );
      await build({
        entryPoints: [join(__dirname, '../src/main.ts')],
        outfile: program ?? '',
        bundle: true,
        platform: 'node',
        format: 'esm',
        external: ['bufferutil', 'utf-8-validate'],
        banner: {
          js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
        }
      });
      writeFileSync(hang ?? '', HANG);
      execFileSync('mkfifo', [pipe ?? '']);
      const child = spawn(process.execPath, ['--import', hang ?? '', program ?? ''], {
        env: {
          PATH: process.env['PATH'],
          HUNG_PIPE: pipe,
          HUNG_KIND: kind,
          LABKEEPER_AUDIT: '1',
          LABKEEPER_SOCKET: join(folder.path, `${kind}.sock`),
          HOME: folder.path,
          LABKEEPER_HOME: folder.path,
          LABKEEPER_SERVER_PID: String(process.pid),
          LABKEEPER_DISABLE: 'oom-score'
        },
        stdio: ['pipe', 'pipe', 'ignore']
      });
      children.push(child);
      const ended = once(child, 'exit').then(() => 'ended');
      const ready = once(createInterface({ input: child.stdout }), 'line');
      expect(String(await Promise.race([ready, ended, pause(15_000, 'silent')]))).toContain('"ready":true');
      child.stdin.end();
      expect(await Promise.race([ended, pause(10_000, 'still there')])).toBe('ended');
    }
  );
});
