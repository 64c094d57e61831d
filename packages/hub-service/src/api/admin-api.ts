import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GenericSchema, InferOutput } from 'valibot';
import { reasonOf } from '../failure.js';
import { Refusal } from '../pages/refusal.js';
import type { IHubPerson } from '../people/hub-identity.js';
import { HUB_HEADER, type HubTokens } from '../people/hub-tokens.js';
import { TokenRefused } from '../people/token-access.js';
import { type Misshapen, readBody, readShape } from '../read-shape.js';

/** Bytes of a body, at most. */
const BODY_BYTES = 65_536;
/** Where all of it lies on the pages' own host. */
export const API_PREFIX = '/api/v1';

/** Adds routes to the API: each asks `door` who comes, and answers with JSON. Thrown `Refusal`s become its errors. */
export type ApiRoutes = (api: FastifyInstance, door: ApiDoor) => void;

/** Who comes to the API; what she may is for the route to say. */
export class ApiDoor {
  constructor(private readonly tokens: HubTokens) {}

  /** For what is only read. @throws TokenRefused */
  reader(request: FastifyRequest): Promise<IHubPerson> {
    return this.person(request, false);
  }

  /** For what changes something: JupyterHub is asked now. @throws TokenRefused */
  actor(request: FastifyRequest): Promise<IHubPerson> {
    return this.person(request, true);
  }

  /** Of a promise, so that whoever asks catches a refusal as others. */
  private async person({ headers }: FastifyRequest, isFresh: boolean): Promise<IHubPerson> {
    return this.tokens.at(headers[HUB_HEADER]).person(headers.authorization, isFresh);
  }
}

/**
 * What the commands `labkeeper log`, `requests` and their likes speak with, from an administrator's own machine: JSON, with
 * a token of JupyterHub as Bearer. It lies on the pages' own host, and no cookie counts here, so that no browser's page can
 * use it in somebody's name.
 */
export async function adminApi(
  fastify: FastifyInstance,
  tokens: HubTokens,
  routes: readonly ApiRoutes[]
): Promise<void> {
  await fastify.register(
    async api => {
      api.removeAllContentTypeParsers();
      api.addContentTypeParser(
        'application/json',
        { parseAs: 'string', bodyLimit: BODY_BYTES },
        (_request, body, done) => done(null, body)
      );
      api.addHook('onSend', async (_request, reply) => {
        void reply.header('cache-control', 'no-store');
      });
      api.setErrorHandler<FastifyError | Error>((error, request, reply) => refuse(error, request, reply));
      api.setNotFoundHandler((_request, reply) =>
        reply.code(404).send({ message: 'There is nothing at this address of the API.' })
      );
      const door = new ApiDoor(tokens);
      routes.forEach(add => add(api, door));
    },
    { prefix: API_PREFIX }
  );
}

/** The body of a request in its one shape. @throws Refusal */
export function bodyOf<Shape extends GenericSchema>(
  shape: Shape,
  request: FastifyRequest
): InferOutput<Shape> {
  return readBody(shape, request.body, misshapen('The body'));
}

/** The query or the path's parameters in their one shape. @throws Refusal */
export function shaped<Shape extends GenericSchema>(
  shape: Shape,
  value: unknown,
  what: string
): InferOutput<Shape> {
  return readShape(shape, value, misshapen(what));
}

function misshapen(what: string): Misshapen {
  return place => new Refusal(400, `${what} is not understood${place === null ? '' : `: look at ${place}`}.`);
}

function refuse(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof TokenRefused) {
    if (error.retryAfterMs !== null) {
      void reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
    }
    return reply.code(error.status).send({ message: error.message });
  }
  if (error instanceof Refusal) {
    const { cause, todo } = error.details;
    if (cause !== undefined) {
      request.log.error({ err: cause }, error.message);
    }
    return reply
      .code(error.status)
      .send({ message: error.message, ...(todo !== undefined && { hint: todo }) });
  }
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  if (status >= 500) {
    request.log.error(
      { reason: reasonOf(error), path: request.routeOptions.url },
      'A request to the API failed.'
    );
    return reply.code(503).send({ message: 'Something went wrong here; the log of the service says what.' });
  }
  return reply.code(status).send({ message: 'This request cannot be read.' });
}
