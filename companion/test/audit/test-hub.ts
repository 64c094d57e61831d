import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { NO_HASH } from '@labkeeper/core';

/** What happens to one request. */
export type Fate =
  | 'good'
  | 'hang'
  | 'lost-answer'
  | 'reset'
  | 'busy'
  | 'elsewhere'
  | 'page'
  | 'ticket-ended'
  | 'malformed'
  | 'too-large';

interface IStored {
  seq: number;
  hash: string;
  readonly lines: string[];
}

/** A hub service that keeps to the contract, but for the fates that it is told. Keeps records in memory. */
export class TestHub {
  static async start(): Promise<TestHub> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TestHub(server);
  }

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.answer(request, response));
  }

  /** What becomes of the next requests for or with records. */
  readonly fates: Fate[] = [];
  /** Requests in their order: method, path and first word of the credential. */
  readonly requests: string[] = [];
  readonly streams = new Map<string, IStored>();
  /** Most requests at one moment. */
  busiest = 0;
  ticketStatus = 200;
  ticketLifeMs = 600_000;
  protocols = [1];
  /** Which events it takes; null = as a service from before there were any. */
  events: { readonly send: boolean; readonly errors: boolean } | null = null;
  /** Batches of events as they came. */
  readonly eventBatches: string[] = [];
  /** false: as one that is older. */
  givesReceipts = true;
  /** 200 = as it should be. */
  receiptStatus = 200;

  /** What policy switches off; who knows that already gets no answer. */
  set off(parts: readonly string[]) {
    this.parts = parts;
    this.polls.splice(0).forEach(answer => answer());
  }

  get url(): URL {
    const address = this.server.address();
    return new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/services/labkeeper/`);
  }

  /** All records in the order in which they came. */
  all(): readonly string[] {
    return this.log;
  }

  /** All records of a stream. */
  records(boot: string): string[] {
    return this.streams.get(boot)?.lines ?? [];
  }

  /** Goes away and keeps its address, where each connection breaks: another process would get it otherwise. */
  leave(): void {
    this.server.removeAllListeners('request');
    this.server.on('connection', breakOff);
    this.server.closeAllConnections();
  }

  /** Another one, that knows nothing of this one, at the address that it left. */
  successor(): TestHub {
    this.server.off('connection', breakOff);
    return new TestHub(this.server);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.now += 1;
    this.busiest = Math.max(this.busiest, this.now);
    response.once('close', () => (this.now -= 1));
    const path = (request.url ?? '').replace('/services/labkeeper/', '');
    const authorization = request.headers.authorization ?? '';
    this.requests.push(`${request.method} ${path.split('?')[0]} ${authorization.split(' ')[0]}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (path.split('?')[0] === 'api/v1/ticket') {
      const nowMs = 1000;
      const answer = {
        ...{ ticket: `ticket-${(this.tickets += 1)}`, nowMs, expiresAtMs: nowMs + this.ticketLifeMs },
        ...{ protocols: this.protocols, something: 'newer' }
      };
      if (authorization !== 'token secret') {
        send(401, { code: 'token', message: 'JupyterHub does not know this token.' });
      } else {
        send(
          this.ticketStatus,
          this.ticketStatus === 200 ? answer : { code: 'not-a-server', message: 'No server.' }
        );
      }
      return;
    }
    if (path.startsWith('api/v1/events')) {
      this.poll(new URL(path, this.url).searchParams.get('seen'), send);
      return;
    }
    const fate = this.fates.shift();
    if (fate === 'hang') {
      return;
    }
    if (fate === 'reset') {
      request.socket.destroy();
      return;
    }
    if (fate === 'busy') {
      send(503, { code: 'unavailable', message: 'The database is away.' }, { 'retry-after': '1' });
      return;
    }
    if (fate === 'elsewhere') {
      send(302, '', { location: 'http://127.0.0.1:1/hub/login' });
      return;
    }
    if (fate === 'page') {
      send(200, '<html>log in</html>');
      return;
    }
    if (fate === 'malformed' || fate === 'too-large') {
      send(fate === 'malformed' ? 400 : 413, { code: fate, message: 'This is no batch.' });
      return;
    }
    if (fate === 'ticket-ended' || !this.hasGiven(authorization)) {
      send(401, { code: 'ticket', message: 'The ticket is no longer good.' });
      return;
    }
    if (path.startsWith('api/v1/receipt?')) {
      const { boot, first, seq } = Object.fromEntries(new URL(path, this.url).searchParams);
      const stream = this.stream(boot ?? '');
      const isThere = this.givesReceipts && Number(seq) === stream.seq && Number(first) <= stream.seq;
      send(
        isThere ? this.receiptStatus : 404,
        isThere && this.receiptStatus === 200
          ? { receipt: receiptOf(boot ?? '', Number(first), stream) }
          : { code: 'malformed', message: 'There is nothing at this address.' }
      );
      return;
    }
    if (path.startsWith('api/v1/own')) {
      send(200, this.own(new URL(path, this.url)));
      return;
    }
    if (request.method === 'GET') {
      const boot = new URL(path, this.url).searchParams.get('boot') ?? '';
      const { seq, hash } = this.stream(boot);
      send(200, { seq, hash });
      return;
    }
    if (path.startsWith('api/v1/server-events')) {
      const text = Buffer.concat(chunks).toString('utf8');
      this.eventBatches.push(text);
      const { first, count } = JSON.parse(text.split('\n')[0] ?? '');
      if (fate === 'lost-answer') {
        request.socket.destroy();
      } else {
        send(200, { seq: first + count - 1 });
      }
      return;
    }
    const { status, body } = this.take(Buffer.concat(chunks).toString('utf8').split('\n'));
    if (fate === 'lost-answer') {
      request.socket.destroy();
      return;
    }
    send(status, body);
  }

  private poll(seen: string | null, send: (status: number, body: unknown) => void): void {
    const off = this.parts.map(part => ({ part, reason: 'Tried out.' }));
    const now = sha256(JSON.stringify(off));
    if (seen === now) {
      this.polls.push(() => this.poll(seen, send));
    } else {
      send(200, {
        seen: now,
        policy: sha256('policy'),
        off,
        ...(this.events ? { events: this.events } : {})
      });
    }
  }

  private take(lines: readonly string[]): { status: number; body: unknown } {
    const head: { boot: string; first: number; count: number; prev: string } = JSON.parse(lines[0] ?? '');
    const stream = this.stream(head.boot);
    if (head.first !== stream.seq + 1 || head.prev !== stream.hash) {
      return { status: 409, body: { head: { seq: stream.seq, hash: stream.hash }, receipt: null } };
    }
    for (let at = 1; at < 1 + 2 * head.count; at += 2) {
      const line = lines[at] ?? '';
      const record = JSON.parse(line);
      const personal = lines[at + 1] ?? '';
      const commitment = personal === 'null' ? null : sha256(personal);
      if (record.seq !== stream.seq + 1 || record.prev !== stream.hash || record.personal !== commitment) {
        return {
          status: 400,
          body: { code: 'malformed', message: `Record ${stream.seq + 1} does not fit.` }
        };
      }
      stream.seq += 1;
      stream.hash = sha256(line);
      stream.lines.push(line);
      this.log.push(line);
    }
    const receipt = receiptOf(head.boot, head.first, stream);
    return { status: 200, body: { head: { seq: stream.seq, hash: stream.hash }, receipt } };
  }

  /** The relay and the list of records have tickets of their own. */
  private hasGiven(authorization: string): boolean {
    const number = Number(/^Bearer ticket-(\d+)$/.exec(authorization)?.[1] ?? Infinity);
    return number <= this.tickets;
  }

  /** The newest first, as the service lists them. */
  private own({ searchParams }: URL): unknown {
    const end = Number(searchParams.get('before')?.split('.')[1] ?? this.log.length);
    const from = Math.max(0, end - Number(searchParams.get('limit') ?? 50));
    const records = this.log.slice(from, end).map((line, at) => {
      const { occurredAtMs, action, boot, seq, package: known, tool, environment, gap } = JSON.parse(line);
      return {
        ...{ index: from + at, receivedAtMs: 1, occurredAtMs, action, boot, seq, environment, gap },
        ...{ ecosystem: known?.ecosystem ?? null, packageName: known?.name ?? null },
        ...{
          packageVersion: known?.version ?? null,
          tool: tool?.name ?? null,
          effect: null,
          grade: 'claimed'
        }
      };
    });
    return { records: records.reverse(), next: from > 0 ? `1.${from}` : null };
  }

  private stream(boot: string): IStored {
    let stream = this.streams.get(boot);
    if (!stream) {
      stream = { seq: 0, hash: NO_HASH, lines: [] };
      this.streams.set(boot, stream);
    }
    return stream;
  }

  private parts: readonly string[] = [];
  private readonly polls: (() => void)[] = [];
  private readonly log: string[] = [];
  private tickets = 0;
  private now = 0;
}

function breakOff(socket: Socket): void {
  socket.destroy();
}

function receiptOf(boot: string, first: number, { seq, hash }: IStored): object {
  return {
    body: { ...{ hub: 'hub', stream: boot, boot, first, seq }, head: hash, firstIndex: 0, receivedAtMs: 1 },
    ...{ key: '0123456789abcdef', signature: Buffer.from(hash).toString('base64url').slice(0, 80) }
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
