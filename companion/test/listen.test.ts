import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { listenOnSocket, SocketTakenError } from '../src/link/listen.js';
import { scratch } from './wire.js';

describe('the unix socket', () => {
  const folder = scratch();
  const servers: Server[] = [];
  const listen = async (path: string): Promise<void> => {
    const server = createServer();
    servers.push(server);
    await listenOnSocket(server, path);
  };

  afterAll(() => {
    servers.forEach(server => server.close());
    folder.remove();
  });

  it('is for this user alone, in a folder made for this user alone', async () => {
    const path = join(folder.path, 'missing', 'deeper', 'companion.sock');
    await listen(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.path, 'missing', 'deeper')).mode & 0o777).toBe(0o700);
  });

  it('leaves the mode of a folder that was there as it is', async () => {
    const runtime = join(folder.path, 'runtime');
    mkdirSync(runtime, { mode: 0o755 });
    await listen(join(runtime, 'companion.sock'));
    expect(statSync(runtime).mode & 0o777).toBe(0o755);
  });

  it('takes the place of a socket that a killed companion left', async () => {
    const path = join(folder.path, 'stale.sock');
    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('on'))`
    ]);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(statSync(path).isSocket()).toBe(true);
    await listen(path);
    expect(servers.at(-1)?.listening).toBe(true);
  });

  it('is left to a companion that answers', async () => {
    const path = join(folder.path, 'living.sock');
    await listen(path);
    await expect(listen(path)).rejects.toThrow(SocketTakenError);
    await expect(listen(path)).rejects.toThrow('Another companion already answers at');
  });

  it('never removes a file that is no socket', async () => {
    const path = join(folder.path, 'notes.txt');
    writeFileSync(path, 'mine');
    await expect(listen(path)).rejects.toThrow('is not a socket');
    expect(statSync(path).size).toBe(4);
  });
});
