import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** How long a connection may take before it counts as one that nobody takes, ms. */
const TAKEN_MS = 300;

/**
 * A loopback address at which connections hang, as they do at a metadata service whose packets are dropped: a process
 * that listens with the shortest queue and is stopped, and a queue that is full. The kernel drops what comes then.
 */
export async function blockedAddress(): Promise<{ readonly url: string; close(): void }> {
  const script =
    "const s = require('net').createServer();" +
    "s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))";
  const child: ChildProcess = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit']
  });
  if (!child.stdout) {
    throw new Error('the child has no output');
  }
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  child.kill('SIGSTOP');
  const sockets: Socket[] = [];
  while (await taken(port, sockets)) {
    if (sockets.length > 64) {
      throw new Error('the queue does not fill');
    }
  }
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      sockets.forEach(socket => socket.destroy());
      child.kill('SIGKILL');
    }
  };
}

function taken(port: number, sockets: Socket[]): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    const timer = setTimeout(() => resolve(false), TAKEN_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
    // Ends with the test.
    socket.on('error', () => undefined);
  });
}
