import { createServer as createHttp, type IncomingHttpHeaders, type Server as HttpServer } from 'node:http';
import { createServer as createTcp, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { once } from 'node:events';

export interface IReceived {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real HTTP server that keeps what it gets, and answers with `answers` in turn, then with 200. */
export class HttpReceiver {
  static async start(): Promise<HttpReceiver> {
    const receiver = new HttpReceiver();
    receiver.server.listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    return receiver;
  }

  readonly received: IReceived[] = [];
  answers: { status: number; headers?: Record<string, string>; body?: string }[] = [];

  get url(): string {
    return `http://127.0.0.1:${portOf(this.server)}/in`;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private readonly server: HttpServer = createHttp((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      this.received.push({ path: request.url ?? '', headers: request.headers, body });
      const { status, headers = {}, body: text = '{}' } = this.answers.shift() ?? { status: 200 };
      response.writeHead(status, headers).end(text);
    });
  });
}

/** A real syslog server: TCP, or TLS with a key. It keeps the messages of every connection that came to its end. */
export class SyslogReceiver {
  static async start(tls: { key: string; cert: string } | null = null, port = 0): Promise<SyslogReceiver> {
    const receiver = new SyslogReceiver(tls);
    receiver.server.listen(port, '127.0.0.1');
    await once(receiver.server, 'listening');
    return receiver;
  }

  private constructor(tls: { key: string; cert: string } | null) {
    const take = (socket: Socket): void => this.take(socket);
    this.server = tls
      ? createTls({ ...tls, allowHalfOpen: true }, take)
      : createTcp({ allowHalfOpen: true }, take);
    this.server.on('tlsClientError', () => undefined);
    this.server.on('connection', (socket: Socket) => this.sockets.add(socket));
  }

  /** Messages in the order in which they came. */
  readonly messages: string[] = [];
  /** Breaks so many connections after they have sent something. */
  breaks = 0;
  /** How long it takes to read a batch, in ms. */
  slowMs = 0;

  get port(): number {
    return portOf(this.server);
  }

  async close(): Promise<void> {
    this.server.close();
    this.sockets.forEach(socket => socket.destroy());
    await once(this.server, 'close');
  }

  private take(socket: Socket): void {
    const parts: Buffer[] = [];
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => {
      if (this.breaks > 0) {
        this.breaks -= 1;
        socket.destroy();
        return;
      }
      parts.push(part);
    });
    socket.on('end', () => {
      this.messages.push(...readOctets(Buffer.concat(parts)));
      setTimeout(() => socket.end(), this.slowMs);
    });
  }

  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
}

/** Frames of RFC 6587 §3.4.1. @throws where it is none. */
export function readOctets(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(' ', at);
    const length = Number(bytes.subarray(at, blank).toString());
    if (!Number.isInteger(length) || blank + 1 + length > bytes.length) {
      throw new Error('That is no frame of syslog.');
    }
    messages.push(bytes.subarray(blank + 1, blank + 1 + length).toString());
    at = blank + 1 + length;
  }
  return messages;
}

/** Index of a record that a message of syslog holds. */
export function indexOf(message: string): number {
  return Number(/ index="(\d+)"/.exec(message)?.[1]);
}

function portOf(server: HttpServer | Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
