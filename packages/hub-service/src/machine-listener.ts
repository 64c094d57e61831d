import type { HubRefusal } from '@labkeeper/protocol';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest
} from 'fastify';
import { eventRoutes, type IEventRoutesParts } from './events/event-routes.js';
import { codeOf, reasonOf } from './failure.js';
import { recordRoutes, StoreError, type IRecordRoutesParts } from './ingest/record-routes.js';
import type { Shedding } from './load/shedding.js';
import { Refusal } from './refusal.js';
import { requestRoutes, type IRequestRoutesParts } from './requests/request-routes.js';
import { serverEventRoutes, type IServerEventRoutesParts } from './server-events/server-event-routes.js';
import { ticketRoutes, type ITicketRoutesParts } from './tickets/ticket-routes.js';

/** Longest the head of a request may take, and the whole of it, in ms. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** How often it is looked for connections that are over these times, in ms: Node's own 30 s would be another half minute. */
const CHECK_MS = 5000;
/** Connections stay open longer than a companion is silent: else each heartbeat would open one. */
const KEEP_ALIVE_MS = 130_000;
/**
 * Connections that wait to be taken, at most (Linux's own bound, net.core.somaxconn, is 4096 as well): after an outage ten
 * thousand companions come within seconds, and one that finds no room tries again a second later, then three, seven and
 * fifteen, and then has given up. Of 2048 the last ten of ten thousand were back after 130 s; some 1700 are taken a second, so
 * that nobody waits here for as long as a request may take.
 */
export const BACKLOG = 4096;
/** No route but that of batches takes a body. */
const BODY_BYTES = 1024;
const LATER_MS = 5000;

export interface IMachineParts
  extends
    IRecordRoutesParts,
    ITicketRoutesParts,
    IEventRoutesParts,
    IRequestRoutesParts,
    IServerEventRoutesParts {
  readonly prefix: string;
  readonly log: FastifyBaseLogger;
  /** Who is put off while there is too much to do. */
  readonly shedding: Shedding;
  /** Whether the database answers. */
  readonly isReady: () => Promise<boolean>;
}

/** What companions, JupyterHub and Prometheus speak with. It never serves a page: it shares its host with users' servers. */
export function machineListener(parts: IMachineParts): FastifyInstance {
  const fastify = Fastify({
    loggerInstance: parts.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_MS },
    exposeHeadRoutes: false
  });
  fastify.removeAllContentTypeParsers();
  fastify.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.status >= 500) {
      request.log.error(
        { reason: reasonOf(refusal.cause ?? error), path: request.routeOptions.url },
        'A request failed.'
      );
    }
    return refuse(request, reply, refusal);
  });
  fastify.setNotFoundHandler((request, reply) =>
    refuse(request, reply, new Refusal(404, 'malformed', 'There is nothing at this address.'))
  );
  fastify.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'"
    });
  });
  fastify.register(
    async scope => {
      scope.addHook('onRequest', async (request, reply) => {
        const refusal = parts.shedding.refusal(request);
        if (refusal) {
          // A connection is worth more to who is served.
          return refuse(request, reply.header('connection', 'close'), refusal);
        }
        return undefined;
      });
      scope.get('/health', () => ({ ok: true }));
      scope.get('/ready', async (_request, reply) => {
        const isReady = await parts.isReady();
        return reply.code(isReady ? 200 : 503).send({ ready: isReady });
      });
      scope.get('/metrics', async (request, reply) => {
        // Asked for directly: what comes through the hub's proxy comes from anybody.
        if (request.headers['x-forwarded-for'] !== undefined) {
          throw new Refusal(404, 'malformed', 'There is nothing at this address.');
        }
        const { registry } = parts.metrics;
        return reply.type(registry.contentType).send(await registry.metrics());
      });
      await scope.register(async tickets => ticketRoutes(tickets, parts), { prefix: '/' });
      await scope.register(async events => eventRoutes(events, parts), { prefix: '/' });
      await scope.register(async asked => requestRoutes(asked, parts), { prefix: '/' });
      await scope.register(async events => serverEventRoutes(events, parts), { prefix: '/' });
      await scope.register(async records => recordRoutes(records, parts), { prefix: '/' });
    },
    { prefix: parts.prefix.replace(/\/$/, '') }
  );
  return fastify;
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, code, message, retryAfterMs }: Refusal
): FastifyReply {
  if (retryAfterMs !== null) {
    reply.header('retry-after', Math.max(1, Math.ceil(retryAfterMs / 1000)));
  }
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  // What is still to come is not read: it may be 100 MB. And nobody keeps a connection who has neither token nor ticket.
  if ((hasBody && !request.raw.complete) || status === 401) {
    reply.header('connection', 'close');
  }
  const body: HubRefusal = { code, message };
  return reply.code(status).send(body);
}

/** What went wrong in the words of the protocol; never with a stack, or with what the database said. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) {
    return error;
  }
  if (error instanceof StoreError) {
    return new Refusal(503, 'unavailable', 'The log cannot be written now.', LATER_MS);
  }
  switch (codeOf(error)) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Refusal(413, 'too-large', 'The body is larger than a batch may be.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Refusal(415, 'malformed', 'A batch is sent as application/x-ndjson.');
    default:
      return isClientError(error)
        ? new Refusal(400, 'malformed', 'The request cannot be read.')
        : new Refusal(
            503,
            'unavailable',
            'Something went wrong here; the log of the service says what.',
            LATER_MS
          );
  }
}

function isClientError(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    error.statusCode < 500
  );
}
