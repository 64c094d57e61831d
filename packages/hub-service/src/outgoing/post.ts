import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { reasonOf } from '../failure.js';
import { checkedAddress, type Resolve } from './checked-address.js';
import { SendError } from './failures.js';
import { inTime } from './in-time.js';

export interface IPost {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Host that may be internal; null = none. */
  readonly allowInternal: string | null;
  /** PEM; null = the public ones. */
  readonly ca: string | null;
  /** For all of it, in ms. */
  readonly timeoutMs: number;
  readonly resolve?: Resolve;
}

/** Longest answer that is read, in bytes. */
const ANSWER_BYTES = 16 * 1024;

/**
 * POST to a checked address, once, without following anybody elsewhere.
 *
 * @returns the beginning of the answer's body.
 * @throws SendError where the answer is not of 200 to 299, or none comes in time.
 */
export async function post(options: IPost): Promise<string> {
  const { url, body, headers, allowInternal, ca, timeoutMs, resolve } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const at = await inTime(checkedAddress(url.hostname, allowInternal, resolve), signal);
  try {
    const answer = await new Promise<IncomingMessage>((done, fail) => {
      const isSecure = url.protocol === 'https:';
      const asked = (isSecure ? requestHttps : requestHttp)(
        {
          host: at.address,
          family: at.family,
          port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
          path: `${url.pathname}${url.search}`,
          method: 'POST',
          // None is kept: an address counts for the request that it was checked for.
          agent: false,
          signal,
          headers: {
            ...headers,
            host: url.host,
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(body)),
            'user-agent': 'labkeeper'
          },
          ...(isSecure && /[a-z]/i.test(url.hostname) && !url.hostname.includes(':')
            ? { servername: url.hostname }
            : {}),
          ...(isSecure && ca !== null ? { ca } : {})
        },
        done
      );
      asked.on('error', fail);
      asked.end(body);
    });
    const text = await beginning(answer);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) {
      return text;
    }
    throw new SendError(
      status >= 300 && status < 400
        ? `It answered with status ${status}, which leads elsewhere; that is not followed.`
        : `It answered with status ${status}.`,
      retryAfterMs(answer.headers['retry-after']),
      // "Gone": the receiver wants nothing more of it.
      status === 410
    );
  } catch (error) {
    if (error instanceof SendError) {
      throw error;
    }
    const why = signal.aborted ? `no whole answer within ${timeoutMs / 1000} s` : reasonOf(error);
    throw new SendError(`It did not take it: ${why}.`, null, false, { cause: error });
  }
}

async function beginning(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer) {
    if (Buffer.isBuffer(part)) {
      parts.push(part);
      bytes += part.length;
    }
    if (bytes > ANSWER_BYTES) {
      answer.destroy();
      break;
    }
  }
  return Buffer.concat(parts).toString('utf8').slice(0, ANSWER_BYTES);
}

/** Seconds alone: a date would be of another clock. */
function retryAfterMs(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}
