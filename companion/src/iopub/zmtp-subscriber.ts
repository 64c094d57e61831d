import { connect, type Socket } from 'node:net';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import { encodeFrame, FrameParser, ZmtpError, type IFrameHandler, type IFrameHead } from './zmtp-frames.js';
import {
  beginsGreeting,
  greeting,
  GREETING_BYTES,
  pong,
  readCommand,
  readErrorReason,
  readGreeting,
  readProperties,
  ready,
  subscribeToAll
} from './zmtp-handshake.js';

/** Longest command that is read. */
const COMMAND_BYTES = 64 * 1024;
/** So much is read at once, as Node does by itself. */
const CHUNK_BYTES = 64 * 1024;
/** A peer on the same machine that says nothing for so long is no kernel. */
const HANDSHAKE_MS = 5000;

/** Why a publisher cannot be listened to. `text` is from the peer or the system: for a log. */
export interface IRefusal {
  readonly reason:
    /** It does not speak ZMTP 3. */
    | 'protocol'
    /** It wants to know who we are, or to encrypt. */
    | 'mechanism'
    /** It publishes nothing, or takes no requests. */
    | 'socket-type'
    /** It said ERROR. */
    | 'refused'
    /** It was silent during the handshake. */
    | 'silent';
  readonly text: string;
}

/** Where a publisher is: on this machine, at a port or a unix socket. */
export type PublisherAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface IZmtpSubscriberOptions {
  readonly at: PublisherAddress;
  readonly clock: IClock;
  /** `SUB` listens to a publisher, `DEALER` asks and is answered. Default: SUB. */
  readonly role?: keyof typeof PEERS;
  /** Takes the frames of messages, all within the socket's own events: while they are read, the kernel waits. */
  readonly messages: IFrameHandler;
  /** The handshake is over; what is published from now on comes. */
  readonly ready: () => void;
  /** The connection is over; null = it was simply closed, or never made. Called once. */
  readonly closed: (refusal: IRefusal | null) => void;
}

/** Whom each role speaks to. */
const PEERS = { SUB: ['PUB', 'XPUB'], DEALER: ['ROUTER'] } as const;

/**
 * One connection to a ZeroMQ publisher, as a subscriber to everything, or to a router: ZMTP 3.0 and 3.1, mechanism NULL
 * (RFC 23 and 37 of ZeroMQ). By itself it sends nothing but its handshake, its subscription and answers to PING.
 */
export class ZmtpSubscriber implements IDisposable {
  constructor(private readonly options: IZmtpSubscriberOptions) {
    const { at, clock } = options;
    // One buffer for all that comes: a kernel that prints without end must not fill the memory with used ones.
    const callback = (bytes: number, buffer: Uint8Array) => {
      this.read(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
      return true;
    };
    const socket = connect({ ...at, onread: { buffer: Buffer.allocUnsafeSlow(CHUNK_BYTES), callback } });
    this.socket = socket;
    // A kernel must not keep the companion alive.
    socket.unref();
    this.parser = new FrameParser({
      begins: head => this.begins(head),
      ends: (head, body) => this.ends(head, body),
      skipped: head => this.skipped(head)
    });
    this.timer = clock.after(HANDSHAKE_MS, () => this.refuse('silent', 'The handshake took too long.'));
    // The subscription follows READY at once: held back for an answer (Nagle), it comes 40 ms later.
    socket.setNoDelay(true);
    socket.on('connect', () => socket.write(greeting()));
    socket.on('error', () => {
      // 'close' follows, and says all that is to be said.
    });
    socket.on('close', () => this.end(null));
  }

  /** Sends a message of these parts. After `ready`. */
  send(parts: readonly Buffer[]): void {
    this.socket.write(
      Buffer.concat(parts.map((part, index) => encodeFrame(part, false, index < parts.length - 1)))
    );
  }

  dispose(): void {
    this.isOver = true;
    this.timer.dispose();
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    if (this.isOver) {
      return;
    }
    try {
      const rest = this.greeted ? chunk : this.greet(chunk);
      if (!this.isOver && rest.length > 0) {
        this.parser.push(rest);
      }
    } catch (error) {
      if (!(error instanceof ZmtpError)) {
        throw error;
      }
      this.refuse('protocol', reasonOf(error));
    }
  }

  /** Collects the greeting. @returns what comes after it. */
  private greet(chunk: Buffer): Buffer {
    const missing = GREETING_BYTES - this.greeting.length;
    this.greeting = Buffer.concat([this.greeting, chunk.subarray(0, missing)]);
    if (!beginsGreeting(this.greeting)) {
      throw new ZmtpError('Not a greeting.');
    }
    if (this.greeting.length < GREETING_BYTES) {
      return EMPTY;
    }
    this.greeted = true;
    const { major, minor, mechanism } = readGreeting(this.greeting);
    if (major < 3) {
      throw new ZmtpError(`ZMTP ${major}.${minor}.`);
    }
    if (mechanism !== 'NULL') {
      this.refuse('mechanism', mechanism);
      return EMPTY;
    }
    this.socket.write(ready(this.role));
    return chunk.subarray(missing);
  }

  private begins(head: IFrameHead): boolean {
    if (this.isOver) {
      return false;
    }
    if (head.isCommand) {
      if (head.bytes > COMMAND_BYTES) {
        throw new ZmtpError(`A command of ${head.bytes} bytes.`);
      }
      return true;
    }
    if (!this.isReady) {
      throw new ZmtpError('A message before READY.');
    }
    return this.options.messages.begins(head);
  }

  private ends(head: IFrameHead, body: Buffer): void {
    if (this.isOver) {
      return;
    }
    if (!head.isCommand) {
      this.options.messages.ends(head, body);
      return;
    }
    const { name, data } = readCommand(body);
    if (name === 'READY') {
      this.becomeReady(readProperties(data).get('socket-type') ?? '');
    } else if (name === 'ERROR') {
      this.refuse('refused', readErrorReason(data));
    } else if (name === 'PING') {
      this.socket.write(pong(data));
    }
    // Others, and those to come, say nothing to a subscriber.
  }

  private skipped(head: IFrameHead): void {
    if (!this.isOver) {
      this.options.messages.skipped(head);
    }
  }

  private becomeReady(socketType: string): void {
    const peers: readonly string[] = PEERS[this.role];
    if (!peers.includes(socketType)) {
      this.refuse('socket-type', socketType);
      return;
    }
    if (this.isReady) {
      return;
    }
    this.isReady = true;
    this.timer.dispose();
    if (this.role === 'SUB') {
      this.socket.write(subscribeToAll());
    }
    this.options.ready();
  }

  private get role(): keyof typeof PEERS {
    return this.options.role ?? 'SUB';
  }

  private refuse(reason: IRefusal['reason'], text: string): void {
    this.socket.destroy();
    this.end({ reason, text });
  }

  private end(refusal: IRefusal | null): void {
    if (!this.isOver) {
      this.isOver = true;
      this.timer.dispose();
      this.options.closed(refusal);
    }
  }

  private readonly socket: Socket;
  private readonly parser: FrameParser;
  private readonly timer: IDisposable;
  private greeting = EMPTY;
  private greeted = false;
  private isReady = false;
  private isOver = false;
}

const EMPTY = Buffer.alloc(0);
