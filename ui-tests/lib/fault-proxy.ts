// A real HTTP proxy before a server, as hubs and companies have them, whose faults a test switches on while it runs.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';

export type Fault =
  | { readonly kind: 'none' }
  /** Answers in the server's place. `only`: requests whose path and method match, `PUT /api/…`; default all. */
  | { readonly kind: 'answer'; readonly status: number; readonly only?: RegExp; readonly html?: string }
  /** Takes requests and never answers. */
  | { readonly kind: 'hang'; readonly only?: RegExp }
  /** The network is gone: what is open is cut, nothing new is taken. */
  | { readonly kind: 'cut' }
  /** The network is silent: what is open stays so, and nothing goes through, WebSockets included. */
  | { readonly kind: 'silent' }
  /** Answers in the server's place with what `change` makes of the server's own JSON. */
  | { readonly kind: 'forge'; readonly only: RegExp; readonly change: (answer: object) => object };

export interface IFaultProxy {
  readonly url: string;
  fault: Fault;
  /** Requests that were not passed on, `PUT /labkeeper/contents/a.ipynb`. */
  readonly refused: string[];
  /** Cuts the open WebSockets of these requests. */
  drop(only: RegExp): void;
  close(): Promise<void>;
}

/** Starts a proxy before a server on this machine. */
export async function startFaultProxy(port: number): Promise<IFaultProxy> {
  const sockets = new Set<Socket>();
  let fault: Fault = { kind: 'none' };
  const refused: string[] = [];
  const webSockets = new Map<Socket, string>();

  const meets = (message: IncomingMessage): boolean =>
    !('only' in fault) || (fault.only?.test(`${message.method} ${message.url}`) ?? true);

  /** What came while the network was silent arrives when it is back, as TCP has it. */
  let held: (() => void)[] = [];
  const server = createServer((message, answer) => take(message, answer));
  const take = (message: IncomingMessage, answer: ServerResponse): void => {
    if (fault.kind === 'silent') {
      held.push(() => take(message, answer));
      return;
    }
    if (fault.kind !== 'none' && fault.kind !== 'forge' && meets(message)) {
      refused.push(`${message.method} ${message.url?.split('?')[0]}`);
      message.resume();
      if (fault.kind === 'answer') {
        const { status, html = `<html><body>${status}</body></html>` } = fault;
        answer.writeHead(status, { 'Content-Type': 'text/html' }).end(html);
      }
      return;
    }
    pass(message, answer, fault.kind === 'forge' && meets(message) ? fault.change : null);
  };
  const pass = (
    message: IncomingMessage,
    answer: ServerResponse,
    change: ((answer: object) => object) | null
  ): void => {
    const passed = request({
      ...{ host: '127.0.0.1', port, method: message.method, path: message.url },
      headers: message.headers
    });
    passed.on('error', () => answer.destroy());
    passed.on('response', from => {
      if (!change) {
        answer.writeHead(from.statusCode ?? 502, from.headers);
        from.pipe(answer);
        return;
      }
      const chunks: Buffer[] = [];
      from.on('data', (chunk: Buffer) => chunks.push(chunk));
      from.on('end', () => {
        const body = JSON.stringify(change(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
        answer.writeHead(from.statusCode ?? 502, { 'Content-Type': 'application/json' }).end(body);
      });
    });
    message.pipe(passed);
  };
  server.on('connection', socket => {
    if (fault.kind === 'cut') socket.destroy();
    if (fault.kind === 'silent') socket.pause();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) =>
    upgrade(message, socket, head)
  );
  const upgrade = (message: IncomingMessage, socket: Socket, head: Buffer): void => {
    if (fault.kind === 'silent') {
      held.push(() => upgrade(message, socket, head));
      return;
    }
    if (fault.kind !== 'none' && fault.kind !== 'forge' && meets(message)) {
      if (fault.kind === 'answer') socket.end(`HTTP/1.1 ${fault.status} No\r\n\r\n`);
      return;
    }
    const to = connect(port, '127.0.0.1');
    const headers: string[] = [];
    for (let at = 0; at < message.rawHeaders.length; at += 2)
      headers.push(`${message.rawHeaders[at]}: ${message.rawHeaders[at + 1]}`);
    to.write(`${message.method} ${message.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
    to.write(head);
    sockets.add(to);
    webSockets.set(socket, `${message.method} ${message.url}`);
    to.on('error', () => socket.destroy());
    socket.on('error', () => to.destroy());
    to.on('close', () => {
      sockets.delete(to);
      socket.destroy();
    });
    socket.on('close', () => {
      webSockets.delete(socket);
      to.destroy();
    });
    to.pipe(socket).pipe(to);
  };
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`,
    get fault() {
      return fault;
    },
    set fault(next: Fault) {
      const wasSilent = fault.kind === 'silent';
      fault = next;
      if (next.kind === 'silent') sockets.forEach(socket => socket.pause());
      else if (wasSilent) {
        sockets.forEach(socket => socket.resume());
        const all = held;
        held = [];
        all.forEach(arrive => arrive());
      }
      if (next.kind === 'cut') sockets.forEach(socket => socket.destroy());
    },
    refused,
    drop: only => webSockets.forEach((request, socket) => only.test(request) && socket.destroy()),
    close: () =>
      new Promise(resolve => {
        sockets.forEach(socket => socket.destroy());
        server.close(() => resolve());
      })
  };
}
