import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { reasonOf } from '../failure.js';
import { checkedAddress, type ICheckedAddress, type Resolve } from './checked-address.js';
import { SendError } from './failures.js';
import { inTime } from './in-time.js';

export interface ISyslogSend {
  /** `tls://host:6514`, `tcp://host:601` or `udp://host:514`. */
  readonly url: URL;
  /** Messages of RFC 5424 in printable ASCII. */
  readonly lines: readonly string[];
  readonly allowInternal: string | null;
  /** PEM; null = the public ones. */
  readonly ca: string | null;
  /** For all of it, in ms. */
  readonly timeoutMs: number;
  readonly resolve?: Resolve;
}

const PORTS = new Map([
  ['tls:', 6514],
  ['tcp:', 601],
  ['udp:', 514]
]);

/**
 * Sends messages of syslog: over TLS (RFC 5425) and TCP (RFC 6587) with the octets counted, or as datagrams.
 *
 * Syslog has no acknowledgement. So after each batch our side of the connection is ended, and the batch counts as taken when
 * the receiver ends its own, which it does when it has read all: a receiver that dies before leaves us without that end. One
 * whose end comes before ours has not waited for it. What was on its way in that moment nobody can tell apart.
 *
 * @throws SendError; then some may have arrived, and all are to be sent again. Over UDP nobody knows.
 */
export async function sendSyslog(options: ISyslogSend): Promise<void> {
  const { url, allowInternal, resolve, timeoutMs } = options;
  const port = url.port === '' ? (PORTS.get(url.protocol) ?? 514) : Number(url.port);
  const signal = AbortSignal.timeout(timeoutMs);
  const at = await inTime(checkedAddress(url.hostname, allowInternal, resolve), signal);
  try {
    if (url.protocol === 'udp:') {
      await datagrams(at, port, options.lines);
    } else {
      await stream(at, port, options, signal);
    }
  } catch (error) {
    throw new SendError(`It did not take it: ${reasonOf(error)}.`, null, false, { cause: error });
  }
}

/** "MSG-LEN SP SYSLOG-MSG"; a character is a byte. */
export function countedOctets(lines: readonly string[]): string {
  return lines.map(line => `${line.length} ${line}`).join('');
}

async function stream(
  at: ICheckedAddress,
  port: number,
  { url, lines, ca }: ISyslogSend,
  signal: AbortSignal
): Promise<void> {
  const isTls = url.protocol === 'tls:';
  const place = { host: at.address, family: at.family, port, allowHalfOpen: true };
  const socket: Socket = isTls
    ? connectTls({
        ...place,
        ...(/[a-z]/i.test(url.hostname) && !url.hostname.includes(':') ? { servername: url.hostname } : {}),
        ...(ca !== null && { ca })
      })
    : connectTcp(place);
  const stop = (): void => {
    socket.destroy(new Error('it did not end in time'));
  };
  // What goes wrong is told by what is awaited; a reset that follows the receiver's end must not end this process.
  socket.on('error', () => undefined);
  signal.addEventListener('abort', stop);
  if (signal.aborted) {
    stop();
  }
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect');
    // What it says is read, so that its end is seen; syslog has no answers.
    socket.resume();
    const ended = once(socket, 'end');
    const left = new Promise<void>((done, fail) => {
      socket.write(countedOctets(lines), error => (error ? fail(error) : done()));
    });
    // Awaited below; until then neither must end this process.
    ended.catch(() => undefined);
    left.catch(() => undefined);
    await Promise.race([ended, left]);
    // An end that has arrived by now is seen in the next turn.
    await setImmediate();
    if (socket.readableEnded) {
      throw new Error('it ended the connection before it had everything');
    }
    socket.end();
    await ended;
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

async function datagrams(
  { address, family }: ICheckedAddress,
  port: number,
  lines: readonly string[]
): Promise<void> {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  try {
    for (const line of lines) {
      await new Promise<void>((done, fail) =>
        socket.send(line, port, address, error => (error ? fail(error) : done()))
      );
    }
  } finally {
    socket.close();
  }
}
