import { once } from 'node:events';
import { createConnection } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

/** A folder of the test, and its end. */
export function scratch(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'labkeeper-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A message as it came over the wire. */
export interface IMessage {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** A WebSocket client of a unix socket that remembers what it got. */
export class Client {
  constructor(socketPath: string, path: string) {
    this.socket = new WebSocket(`ws+unix://${socketPath}:${path}`, {
      perMessageDeflate: false,
      maxPayload: 0
    });
    this.socket.on('message', data => {
      const message = readMessage(String(data));
      this.received.push(message);
      this.look();
    });
    this.socket.on('error', () => {
      // 'close' follows and carries what tests look at.
    });
    this.closed = new Promise(resolve => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  readonly socket: WebSocket;
  readonly received: IMessage[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  async opened(): Promise<this> {
    if (this.socket.readyState === WebSocket.CONNECTING) {
      await once(this.socket, 'open');
    }
    return this;
  }

  send(method: string, params: unknown): void {
    this.socket.send(JSON.stringify({ method, params }));
  }

  /** The messages of one kind so far. */
  of(method: string): IMessage[] {
    return this.received.filter(message => message.method === method);
  }

  /** Waits for a message that fits, past ones included. */
  wait(fits: (message: IMessage) => boolean): Promise<IMessage> {
    return new Promise(resolve => {
      this.waiting.add({ fits, resolve });
      this.look();
    });
  }

  /** Waits for the first message of a kind. */
  next(method: string): Promise<IMessage> {
    return this.wait(message => message.method === method);
  }

  close(): Promise<{ code: number; reason: string }> {
    this.socket.close();
    return this.closed;
  }

  private look(): void {
    for (const waiter of this.waiting) {
      const found = this.received.find(waiter.fits);
      if (found) {
        this.waiting.delete(waiter);
        waiter.resolve(found);
      }
    }
  }

  private readonly waiting = new Set<{
    readonly fits: (message: IMessage) => boolean;
    readonly resolve: (message: IMessage) => void;
  }>();
}

/** A hello of a page. */
export const PAGE_HELLO = { protocol: 1, build: 'test', client: 'lab', visible: true };
/** A hello of the server extension. */
export const SERVER_HELLO = {
  protocol: 1,
  build: 'test',
  serverPid: 1,
  serverName: '',
  baseUrl: '/',
  rootDir: '/home/researcher'
};

/** GET over a unix socket. */
export async function get(socketPath: string, path: string): Promise<{ status: number; body: unknown }> {
  const sent = request({ socketPath, path, agent: false }).end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
  }
  return { status: response.statusCode, body: JSON.parse(text) };
}

/** Sends raw bytes to a unix socket and gives back what came until its end. */
export async function raw(socketPath: string, bytes: string): Promise<string> {
  const socket = createConnection(socketPath);
  socket.end(bytes);
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
  }
  return text;
}

function readMessage(text: string): IMessage {
  const message: unknown = JSON.parse(text);
  if (typeof message === 'object' && message !== null && 'method' in message && 'params' in message) {
    const { method, params } = message;
    if (typeof method === 'string' && typeof params === 'object' && params !== null) {
      return { method, params: Object.fromEntries(Object.entries(params)) };
    }
  }
  throw new Error(`not a message: ${text.slice(0, 100)}`);
}
