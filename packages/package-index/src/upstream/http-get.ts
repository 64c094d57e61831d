import {
  request as requestPlain,
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage
} from 'node:http';
import { request as requestSecure, type Agent as SecureAgent } from 'node:https';
import { codeOf } from '@labkeeper/core';

const REDIRECTS = 5;

/** One GET of something outside. */
export interface IHttpRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An answer whose body is still to come. Whoever does not read it destroys it. */
export interface IHttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
  /** Where it came from in the end. */
  readonly url: URL;
}

/** Fetches; rejects with one sentence when there is no answer in time. */
export type HttpGet = (request: IHttpRequest) => Promise<IHttpAnswer>;

export interface IHttpOptions {
  /** Longest until the head of the answer is there. */
  readonly headMs: number;
  /** Longest pause within a body. */
  readonly idleMs: number;
  readonly agents?: { readonly http: Agent; readonly https: SecureAgent };
}

/** Fetches by Node's own client, follows redirects, and never sends credentials to another origin. */
export function httpGet(options: IHttpOptions): HttpGet {
  return async request => {
    let { url, headers } = request;
    for (let left = REDIRECTS; ; left--) {
      const answer = await twice(options, { ...request, url, headers });
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || answer.status === 304 || location === undefined) {
        return answer;
      }
      answer.body.destroy();
      const next = URL.canParse(location, url.href) ? new URL(location, url) : null;
      if (left === 0 || next === null || !isHttp(next)) {
        throw new Error(`${url.host} redirects without end, or to what is no web address.`);
      }
      if (next.origin !== url.origin) {
        const { authorization: _, ...others } = headers;
        headers = others;
      }
      url = next;
    }
  };
}

/** Whether it is a web address: nothing else is ever fetched. */
export function isHttp({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

/** The other side may have closed a kept connection just when it was used again, or have too many of them: then once more. */
async function twice(options: IHttpOptions, request: IHttpRequest): Promise<IHttpAnswer> {
  try {
    return await once(options, request);
  } catch (error) {
    if (codeOf(error) !== 'ECONNRESET' || request.signal?.aborted) {
      throw error;
    }
    return once(options, request);
  }
}

function once(options: IHttpOptions, { url, headers, signal }: IHttpRequest): Promise<IHttpAnswer> {
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === 'https:';
    const agent = isSecure ? options.agents?.https : options.agents?.http;
    const sent = (isSecure ? requestSecure : requestPlain)(url, {
      headers,
      ...(agent && { agent }),
      ...(signal && { signal })
    });
    const late = setTimeout(
      () => sent.destroy(new Error(`${url.host} did not answer within ${options.headMs / 1000} s.`)),
      options.headMs
    );
    sent.on('error', error => {
      clearTimeout(late);
      reject(error);
    });
    sent.once('response', body => {
      clearTimeout(late);
      sent.setTimeout(options.idleMs, () =>
        body.destroy(new Error(`${url.host} sent nothing for ${options.idleMs / 1000} s.`))
      );
      resolve({ status: body.statusCode ?? 0, headers: body.headers, body, url });
    });
    sent.end();
  });
}
