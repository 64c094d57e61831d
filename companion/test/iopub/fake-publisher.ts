import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { encodeFrame, FrameParser } from '../../src/iopub/zmtp-frames.js';
import { command, readCommand } from '../../src/iopub/zmtp-handshake.js';

export interface IPublisherOptions {
  readonly mechanism?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly socketType?: string;
  /** What it sends instead of a greeting. */
  readonly instead?: Buffer;
  /** Bytes are sent one by one. */
  readonly slowly?: boolean;
}

/** A ZeroMQ publisher whose every byte a test decides. */
export class FakePublisher {
  static async start(options: IPublisherOptions = {}, at: string | number = 0): Promise<FakePublisher> {
    const publisher = new FakePublisher(options);
    publisher.server.listen(typeof at === 'string' ? { path: at } : { port: at, host: '127.0.0.1' });
    await once(publisher.server, 'listening');
    return publisher;
  }

  private constructor(private readonly options: IPublisherOptions) {
    this.server = createServer(socket => this.accept(socket));
  }

  /** What subscribers said, in order: commands by name, subscriptions as `topic:`. */
  readonly heard: string[] = [];
  /** The data of the last PONG. */
  pong: Buffer | null = null;
  connections = 0;

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Sends a message in parts to all subscribers. */
  publish(...parts: readonly Buffer[]): void {
    this.send(Buffer.concat(parts.map((part, index) => frame(part, index < parts.length - 1))));
  }

  /** Sends any bytes. */
  send(bytes: Buffer): void {
    this.sockets.forEach(socket => socket.write(bytes));
  }

  command(name: string, data: Buffer): void {
    this.send(command(name, data));
  }

  /** Closes the connections, as a process does that ends. */
  hangUp(): void {
    this.sockets.forEach(socket => socket.destroy());
  }

  async stop(): Promise<void> {
    this.hangUp();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    const { mechanism = 'NULL', major = 3, minor = 1, socketType = 'PUB', instead } = this.options;
    const greeting = Buffer.alloc(64);
    greeting[0] = 0xff;
    greeting[9] = 0x7f;
    greeting[10] = major;
    greeting[11] = minor;
    greeting.write(mechanism, 12);
    const name = Buffer.from('Socket-Type');
    const value = Buffer.from(socketType);
    const ready = Buffer.concat([
      Buffer.from([name.length]),
      name,
      Buffer.from([0, 0, 0, value.length]),
      value
    ]);
    const hello = instead ?? Buffer.concat([greeting, command('READY', ready)]);
    if (this.options.slowly) {
      socket.setNoDelay(true);
      [...hello].forEach((byte, index) => setTimeout(() => socket.write(Buffer.from([byte])), index));
    } else {
      socket.write(hello);
    }
    this.listen(socket);
  }

  private listen(socket: Socket): void {
    let toSkip = 64;
    const parser = new FrameParser({
      begins: () => true,
      ends: ({ isCommand }, body) => {
        if (!isCommand) {
          this.heard.push(`topic:${body.toString('latin1', 1)}`);
          return;
        }
        const { name, data } = readCommand(body);
        this.heard.push(name);
        this.pong = name === 'PONG' ? Buffer.from(data) : this.pong;
      },
      skipped: () => undefined
    });
    socket.on('data', chunk => {
      const rest = chunk.subarray(toSkip);
      toSkip -= chunk.length - rest.length;
      parser.push(rest);
    });
  }

  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
}

function frame(part: Buffer, hasMore: boolean): Buffer {
  const bytes = encodeFrame(part, false);
  bytes[0] = (bytes[0] ?? 0) | (hasMore ? 1 : 0);
  return bytes;
}

/** The parts of a message as a kernel with this key publishes it. */
export function signedParts(
  key: string,
  type: string,
  content: unknown,
  parent: { readonly msg_id: string; readonly msg_type?: string } | null = null
): Buffer[] {
  const header = { msg_id: randomUUID(), msg_type: type, session: 's', username: 'u', version: '5.3' };
  const parentHeader = parent === null ? {} : { msg_type: 'execute_request', ...parent };
  const signed = [header, parentHeader, {}, content].map(part => Buffer.from(JSON.stringify(part)));
  const hmac = createHmac('sha256', key);
  signed.forEach(part => hmac.update(part));
  const signature = key === '' ? Buffer.alloc(0) : Buffer.from(hmac.digest('hex'));
  return [Buffer.from(`kernel.1.${type}`), Buffer.from('<IDS|MSG>'), signature, ...signed];
}
