import { encodeFrame, ZmtpError } from './zmtp-frames.js';

/** Bytes of a greeting, the first that each side sends. */
export const GREETING_BYTES = 64;
const MECHANISM_AT = 12;
const MECHANISM_BYTES = 20;

/** What the other side's greeting says. */
export interface IGreeting {
  readonly major: number;
  readonly minor: number;
  /** How it knows who speaks: `NULL`, `PLAIN`, `CURVE`, … */
  readonly mechanism: string;
}

/** A command: its name and what follows it. */
export interface ICommand {
  readonly name: string;
  readonly data: Buffer;
}

/**
 * Our greeting: version 3.0, mechanism NULL, a client (RFC 23, https://rfc.zeromq.org/spec/23/). Not 3.1: then some
 * peers want subscriptions as commands, others as messages, and in 3.0 all take messages.
 */
export function greeting(): Buffer {
  const bytes = Buffer.alloc(GREETING_BYTES);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.write('NULL', MECHANISM_AT, 'latin1');
  return bytes;
}

/** Reads the other side's greeting. @throws ZmtpError when it is none. */
export function readGreeting(bytes: Buffer): IGreeting {
  if (bytes.length !== GREETING_BYTES || !beginsGreeting(bytes)) {
    throw new ZmtpError('Not a greeting.');
  }
  const mechanism = bytes.toString('latin1', MECHANISM_AT, MECHANISM_AT + MECHANISM_BYTES);
  return { major: bytes[10] ?? 0, minor: bytes[11] ?? 0, mechanism: mechanism.replace(/\0.*$/s, '') };
}

/** Whether these first bytes can become a greeting: other servers on that port are told at once. */
export function beginsGreeting(bytes: Buffer): boolean {
  return (bytes.length < 1 || bytes[0] === 0xff) && (bytes.length < 10 || ((bytes[9] ?? 0) & 1) === 1);
}

/** The command that ends our side of the handshake. */
export function ready(socketType: string): Buffer {
  return command('READY', Buffer.concat([property('Socket-Type', socketType), property('Identity', '')]));
}

/** Asks for all messages, whatever their topic. In 3.0 this is a message: 1 and the topic's beginning. */
export function subscribeToAll(): Buffer {
  return encodeFrame(Buffer.from([1]), false);
}

/** The answer to a PING with its context (RFC 37). */
export function pong(ping: Buffer): Buffer {
  // Two bytes say how long the peer waits; the context is at most 16 bytes.
  return command('PONG', ping.subarray(2, 18));
}

/** A command as a frame. */
export function command(name: string, data: Buffer): Buffer {
  return encodeFrame(Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1'), data]), true);
}

/** Takes a command apart. @throws ZmtpError when it has no name. */
export function readCommand(body: Buffer): ICommand {
  const length = body[0] ?? 0;
  if (length === 0 || 1 + length > body.length) {
    throw new ZmtpError('A command without a name.');
  }
  return { name: body.toString('latin1', 1, 1 + length), data: body.subarray(1 + length) };
}

/** The properties of a READY command, by lower-case name. @throws ZmtpError when they are cut off. */
export function readProperties(data: Buffer): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  let at = 0;
  while (at < data.length) {
    const valueAt = at + 1 + (data[at] ?? 0) + 4;
    const end = valueAt <= data.length ? valueAt + data.readUInt32BE(valueAt - 4) : Infinity;
    if (end > data.length) {
      throw new ZmtpError('Properties that are cut off.');
    }
    const name = data.toString('latin1', at + 1, valueAt - 4);
    properties.set(name.toLowerCase(), data.toString('latin1', valueAt, end));
    at = end;
  }
  return properties;
}

/** The reason of an ERROR command. */
export function readErrorReason(data: Buffer): string {
  return data.toString('latin1', 1, 1 + (data[0] ?? 0));
}

function property(name: string, value: string): Buffer {
  const head = Buffer.from([name.length, ...Buffer.from(name, 'latin1'), 0, 0, 0, value.length]);
  return Buffer.concat([head, Buffer.from(value, 'latin1')]);
}
