import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { codeOf, reasonOf } from '../failure.js';
import type { OutgoingLedger } from '../outgoing/outgoing-ledger.js';
import { outgoingClass } from '../outgoing/outgoing-table.js';

/** How long the whole of an answer may take, ms. */
const ANSWER_MS = 20_000;
/** Answers have a few hundred bytes, unless whoever asks knows of longer ones. */
const BODY_BYTES = 64 * 1024;

/** A question to the hub service. */
export interface IHubQuestion {
  readonly method: 'GET' | 'POST';
  /** Below the service's own prefix. */
  readonly path: string;
  /** The Authorization header. */
  readonly authorization: string;
  readonly body?: Buffer;
  /** Of the body; batches are NDJSON. */
  readonly contentType?: string;
}

export interface IHubAnswer {
  readonly status: number;
  readonly text: string;
  /** What Retry-After says, ms from now; null = nothing. */
  readonly laterMs: number | null;
}

/** Nobody answered, or not as a service does. The message is the end of a sentence. */
export class HubAway extends Error {
  override readonly name = 'HubAway';

  /** @param unreached - nobody took the connection: nothing of the question can have arrived. */
  constructor(
    message: string,
    readonly unreached = false
  ) {
    super(message);
  }
}

/**
 * HTTP to the hub service, with bounds on time and size. No redirect is followed and no proxy is used: the token must reach
 * nobody but the service that was named. What is no class of the table of outgoing messages is not sent. Node's own http and not fetch, which would cost some MB in every container.
 */
export class HubClient {
  /**
   * @param serviceUrl - ends with a slash.
   * @param nowMs - wall clock, for Retry-After with a date.
   * @param ledger - where it is noted what was sent.
   */
  constructor(
    private readonly serviceUrl: URL,
    private readonly nowMs: () => number,
    private readonly ledger: OutgoingLedger,
    private readonly answerMs = ANSWER_MS,
    private readonly bodyBytes = BODY_BYTES
  ) {}

  /** Asks once. @throws HubAway */
  ask({
    method,
    path,
    authorization,
    body,
    contentType = 'application/x-ndjson'
  }: IHubQuestion): Promise<IHubAnswer> {
    const what = outgoingClass(method, path);
    if (what === null) {
      return Promise.reject(
        new HubAway(`is not asked ${method} ${path}: no such message is described to users`)
      );
    }
    const url = new URL(path, this.serviceUrl);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(url, {
        method,
        // A connection of its own: requests are minutes apart, and none must be lost with a kept one that was closed.
        agent: false,
        headers: {
          authorization,
          accept: 'application/json',
          ...(body ? { 'content-type': contentType, 'content-length': body.length } : {})
        }
      });
      const fail = (reason: string, unreached = false): void => {
        clearTimeout(late);
        this.requests.delete(request);
        request.destroy();
        reject(new HubAway(reason, unreached));
      };
      const late = setTimeout(() => fail(`did not answer within ${this.answerMs / 1000} s`), this.answerMs);
      this.requests.add(request);
      // Stays on: a request that was destroyed may have one more error to tell.
      request.on('error', error =>
        fail(`cannot be reached: ${reasonOf(error)}`, codeOf(error) === 'ECONNREFUSED')
      );
      request.once('response', response => {
        response.on('error', error => fail(`broke off its answer: ${reasonOf(error)}`));
        readText(response, this.bodyBytes, fail, text => {
          clearTimeout(late);
          this.requests.delete(request);
          resolve({ status: response.statusCode ?? 0, text, laterMs: this.later(response) });
        });
      });
      request.once('finish', () =>
        this.ledger.sent({ what, body, head: headOf(request), bytes: request.socket?.bytesWritten ?? 0 })
      );
      request.end(body);
    });
  }

  /** Ends what is under way. */
  dispose(): void {
    this.requests.forEach(request => request.destroy());
  }

  private later(response: IncomingMessage): number | null {
    const text = response.headers['retry-after']?.trim() ?? '';
    const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - this.nowMs();
    return Number.isFinite(ms) ? Math.max(0, ms) : null;
  }

  private readonly requests = new Set<ReturnType<typeof httpRequest>>();
}

/** The head as it was sent; of the credential only its kind. */
function headOf(request: ClientRequest): string {
  const lines = request
    .getHeaderNames()
    .map(name =>
      name === 'authorization'
        ? `${name}: ${String(request.getHeader(name)).split(' ')[0]} …`
        : `${name}: ${String(request.getHeader(name))}`
    );
  return [`${request.method} ${request.path}`, ...lines].join('\n');
}

function readText(
  response: IncomingMessage,
  mostBytes: number,
  fail: (reason: string) => void,
  done: (text: string) => void
): void {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  response.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    chunks.push(chunk);
    if (sizeBytes > mostBytes) {
      fail(`answered with more than ${mostBytes} bytes`);
    }
  });
  response.once('end', () => done(Buffer.concat(chunks).toString('utf8')));
}
