import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import { Client, PAGE_HELLO, scratch } from '../wire.js';

jest.setTimeout(60_000);

/** Lets every look into the journal's folder hang as a dead network does: see hung-home.test.ts. */
const HANG = `
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
const { lstat, mkdir, open } = fs;
const hangs = call => (path, ...more) =>
  String(path).includes('/labkeeper/journal/') ? open(process.env.HUNG_PIPE, 'r') : call(path, ...more);
Object.assign(fs, { lstat: hangs(lstat), mkdir: hangs(mkdir), open: hangs(open) });
syncBuiltinESMExports();
`;

describe('a home that hangs under the journal', () => {
  const folder = scratch();
  const children: ChildProcess[] = [];
  afterAll(() => {
    children.forEach(child => child.kill('SIGKILL'));
    folder.remove();
  });

  it('is told to the page, and keeps the companion neither from answering nor from ending with its server', async () => {
    const [program = '', hang = '', pipe = '', socket = ''] = [
      'companion.mjs',
      'hang.mjs',
      'pipe',
      'sock'
    ].map(name => join(folder.path, name));
    await build({
      entryPoints: [join(__dirname, '../../src/main.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['bufferutil', 'utf-8-validate'],
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
      }
    });
    writeFileSync(hang, HANG);
    execFileSync('mkfifo', [pipe]);
    const child = spawn(process.execPath, ['--import', hang, program], {
      env: {
        PATH: process.env['PATH'],
        HUNG_PIPE: pipe,
        LABKEEPER_SOCKET: socket,
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
    const page = await new Client(socket, '/lab').opened();
    page.send('hello', PAGE_HELLO);
    const slow = page.wait(
      ({ method, params }) => method === 'save/journal-state' && params['trouble'] === 'slow'
    );
    expect(await Promise.race([slow.then(() => 'slow'), pause(15_000, 'not told')])).toBe('slow');
    // It goes on with everything else.
    const before = page.of('usage/sample').length;
    await pause(2500);
    expect(page.of('usage/sample').length).toBeGreaterThan(before);
    child.stdin.end();
    expect(await Promise.race([ended, pause(10_000, 'still there')])).toBe('ended');
    await page.close();
  });
});
