import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseNoticeRequest, type IReclaimStatement } from '@labkeeper/core';
import type { IClock } from '../../clock.js';
import type { Log } from '../../log.js';
import { reasonOf } from '../../failure.js';

/** How much is safe. */
export interface IFlushed {
  /** Documents that are known to be open. */
  readonly documents: number;
  /** Those of them with work that is on no disk yet. */
  readonly unsafeDocuments: number;
}

export interface INoticeHandlerOptions {
  readonly clock: IClock;
  readonly log: Log;
  /** Somebody gave a notice; its key is the name of its source. */
  readonly given: (statement: IReclaimStatement) => void;
  /** All notices were taken back. */
  readonly withdrawn: () => void;
  /** Brings all work to safety, resolves when as much is safe as can be in the given time in ms. null = nobody knows. */
  readonly flush: (withinMs: number) => Promise<IFlushed | null>;
}

/** The path of the endpoint, on the loopback port and on the companion's own socket. */
export const NOTICE_PATH = '/reclaim';

/** How long a request waits for everything to be safe, unless it says so itself: `?wait=seconds`. */
const WAIT_SECONDS = 10;
/** The longest wait: a pod's grace is rarely longer, and no hook shall hang for ever. */
const LONGEST_WAIT_SECONDS = 120;
const BODY_BYTES = 4096;

/**
 * Answers requests of hooks and schedulers:
 *
 * - `POST /reclaim?wait=10` with no body, or with JSON such as `{"deadline": 30, "kind": "stop", "source": "preStop"}`:
 *   the end is near. It is answered when all work is safe (200) or the time is over (202), so that a preStop hook,
 *   which Kubernetes waits for, holds the end until then. A source that says something again replaces what it said.
 * - `DELETE /reclaim`: it is no longer true, whoever said it.
 *
 * Whoever calls this has checked who asks.
 */
export function createNoticeHandler(
  options: INoticeHandlerOptions
): (request: IncomingMessage, response: ServerResponse) => void {
  let count = 0;
  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      options.log(`A notice of a reclaim could not be answered: ${reasonOf(error)}`);
      response.destroy();
    });
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname !== NOTICE_PATH) {
      answer(response, 404, { code: 'unknown-path', message: `There is only ${NOTICE_PATH}.` });
    } else if (request.method === 'DELETE') {
      options.withdrawn();
      answer(response, 200, { noticed: false });
    } else if (request.method === 'POST') {
      await post(request, response, url.searchParams.get('wait'));
    } else {
      response.setHeader('allow', 'POST, DELETE');
      answer(response, 405, { code: 'unknown-method', message: 'It takes POST and DELETE.' });
    }
    // A body that nobody wants must not keep the connection busy.
    request.resume();
  }

  async function post(
    request: IncomingMessage,
    response: ServerResponse,
    wait: string | null
  ): Promise<void> {
    const seconds = wait === null ? WAIT_SECONDS : /^\d{1,4}(\.\d{1,3})?$/.test(wait) ? Number(wait) : NaN;
    const body = await readBody(request);
    if (body === null) {
      answer(response, 413, { code: 'too-large', message: `A notice has up to ${BODY_BYTES} bytes.` });
      return;
    }
    const heard = parseNoticeRequest(body, {
      key: 'endpoint',
      kind: 'stop',
      source: 'endpoint',
      fromMs: Math.round(options.clock.wallMs()),
      revision: `${++count}`
    });
    if (heard.says !== 'notices' || Number.isNaN(seconds)) {
      const reason = heard.says === 'nonsense' ? heard.reason : 'wait is no number of seconds';
      options.log(`A notice of a reclaim was not understood: ${reason}.`);
      answer(response, 400, { code: 'bad-notice', message: reason });
      return;
    }
    heard.notices.forEach(statement => options.given({ ...statement, key: statement.source }));
    const flushed = await flush(Math.min(seconds, LONGEST_WAIT_SECONDS) * 1000);
    const safe = flushed !== null && flushed.unsafeDocuments === 0;
    answer(response, safe ? 200 : 202, {
      noticed: true,
      safe,
      documents: flushed?.documents ?? null,
      unsafeDocuments: flushed?.unsafeDocuments ?? null
    });
  }

  /** What is safe by then; null = nobody knows. */
  function flush(withinMs: number): Promise<IFlushed | null> {
    return new Promise(resolve => {
      const timer = options.clock.after(withinMs, () => resolve(null));
      options.flush(withinMs).then(
        flushed => {
          timer.dispose();
          resolve(flushed);
        },
        (error: unknown) => {
          timer.dispose();
          options.log(`Not everything could be brought to safety: ${reasonOf(error)}`);
          resolve(null);
        }
      );
    });
  }
}

/** The body of a request; null = it is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > BODY_BYTES) {
      return null;
    }
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
