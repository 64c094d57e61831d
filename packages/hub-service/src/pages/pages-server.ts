import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { SECURITY_HEADERS } from '../people/security-headers.js';

/** Longest the head of a request may take, and the whole of it, in ms. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** Bytes of a form, at most. */
const FORM_BYTES = 16_384;

/** The Fastify of the pages' own host, still without routes. Requests are not logged: addresses of sign-ins hold secrets. */
export function pagesServer(log: FastifyBaseLogger): FastifyInstance {
  return Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: FORM_BYTES,
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: HEADERS_MS },
    // An address that is none comes to no hook and no handler.
    frameworkErrors: (_error, _request, reply) => {
      reply.raw
        .writeHead(400, { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=utf-8' })
        .end('This address cannot be read.\n');
    }
  });
}
