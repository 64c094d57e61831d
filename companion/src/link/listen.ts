import { chmod, lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { codeOf } from '../failure.js';

/** The socket cannot be ours; the message is a sentence for the server's log. */
export class SocketTakenError extends Error {
  override readonly name = 'SocketTakenError';
}

/**
 * Listens on a unix socket that only this user may open (mode 0600), in a folder made with 0700 where it is missing.
 * What a dead companion left behind is removed.
 *
 * @throws SocketTakenError when a living process answers there, or when the path is no socket.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await removeStale(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    // Binding happens within listen(), so nobody can connect between it and the right mode.
    const umask = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(umask);
    }
  });
  await chmod(path, 0o600);
}

async function removeStale(path: string): Promise<void> {
  let isSocket: boolean;
  try {
    isSocket = (await lstat(path)).isSocket();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return;
    }
    throw error;
  }
  if (!isSocket) {
    throw new SocketTakenError(`${path} exists and is not a socket; Labkeeper does not remove it.`);
  }
  if (await answers(path)) {
    throw new SocketTakenError(`Another companion already answers at ${path}; this one is not needed.`);
  }
  await unlink(path);
}

/** Whether a process listens there. One that is stopped counts: its kernel accepts for it. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', error => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') {
        resolve(false);
      } else if (code === 'EAGAIN') {
        // A full queue of waiting connections: somebody lives there, and is slow.
        resolve(true);
      } else {
        reject(error);
      }
    });
  });
}
