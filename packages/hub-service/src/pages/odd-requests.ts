import type { FastifyInstance } from 'fastify';
import { HubUnavailableError } from '../hub-api/hub-api.js';
import { sendNotice, sendRefusal } from './answers.js';
import { Refusal } from './refusal.js';

/** Sentences for what Fastify refuses by itself. */
const SENTENCES: Readonly<Record<number, string>> = {
  400: 'This request could not be read.',
  413: 'That is more than a form of these pages holds.',
  415: 'Only forms of these pages are read here.'
};

/** Errors become one sentence; the rest goes to the log of the service. */
export function answerErrors(fastify: FastifyInstance): void {
  fastify.setErrorHandler((error, request, reply) => {
    if (error instanceof Refusal) {
      return sendRefusal(request, reply, error, null);
    }
    if (error instanceof HubUnavailableError) {
      request.log.warn({ err: error }, 'JupyterHub could not be asked.');
      void reply.header('retry-after', '10');
      return sendNotice(
        request,
        reply,
        503,
        'JupyterHub does not answer, so nobody can be let in at the moment.',
        {
          todo: 'Try again in a moment.'
        }
      );
    }
    const status = statusOf(error);
    if (status >= 500) {
      request.log.error({ err: error }, 'A page failed.');
      return sendNotice(
        request,
        reply,
        500,
        `This page failed; the log of the service says why, at request ${request.id}.`
      );
    }
    return sendNotice(request, reply, status, SENTENCES[status] ?? 'This request is not understood.');
  });
}

/** Paths that exist, with the methods that they know. */
const METHODS: readonly (readonly [path: RegExp, methods: string])[] = [
  [/^\/(logout|holds\/(set|lift|erase)|requests\/(decide|answer)|outgoing\/again)$/, 'POST'],
  [/^\/(login|oauth_callback|export|log\/news)$/, 'GET'],
  [
    /^\/(log(\/\d{1,15})?|requests(\/[0-9a-f-]{36})?|status|looks|holders|holds|signed-out|style-[0-9a-f]{16}\.css|follow-[0-9a-f]{16}\.js)?$/,
    'GET, HEAD'
  ]
];

/** What is no page, or no method of one. */
export function answerNotFound(fastify: FastifyInstance): void {
  fastify.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = METHODS.find(([known]) => known.test(path))?.[1];
    if (methods && !methods.split(', ').includes(request.method)) {
      void reply.header('allow', methods);
      return sendNotice(
        request,
        reply,
        405,
        'Pages are only read here; this address takes no other request.'
      );
    }
    return sendNotice(request, reply, 404, 'There is no page at this address.', {
      link: { href: '/log', text: 'Go to the install log' }
    });
  });
}

function statusOf(error: unknown): number {
  return typeof error === 'object' &&
    error !== null &&
    'statusCode' in error &&
    typeof error.statusCode === 'number'
    ? error.statusCode
    : 500;
}
