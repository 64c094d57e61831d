import { reasonOf } from '@labkeeper/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IndexRefusal } from '../index-refusal.js';

/** pip shows the reason phrase on a line, after the status. */
const PHRASE_CHARACTERS = 240;

/** Answers in the two forms that tools print: pip shows the reason phrase, uv the problem (RFC 9457). */
export function sendRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, title, detail } = refusalOf(error);
  if (status >= 500) {
    const reason = error instanceof IndexRefusal && error.cause === undefined ? error : innermost(error);
    request.log.error({ reason: reasonOf(reason) }, 'A request of the package index failed.');
  }
  for (const header of ['content-length', 'content-range', 'content-encoding', 'etag', 'accept-ranges']) {
    reply.removeHeader(header);
    // Fastify has set them there already when a stream breaks before its first byte.
    reply.raw.removeHeader(header);
  }
  reply.raw.statusMessage = phraseOf(`${title} ${detail}`);
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', status, title, detail }));
}

/** As it may stand in the first line of an answer: letters of other scripts cannot. */
export function phraseOf(sentence: string): string {
  const plain = sentence
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim();
  return plain.length > PHRASE_CHARACTERS ? `${plain.slice(0, PHRASE_CHARACTERS - 3)}...` : plain;
}

function refusalOf(error: unknown): IndexRefusal {
  if (error instanceof IndexRefusal) {
    return error;
  }
  if (typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 400) {
    return new IndexRefusal(400, 'The request cannot be read.', 'Check the address of the package index.');
  }
  return new IndexRefusal(503, 'The package index failed.', 'Its log says why; tell your administrator.');
}

function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
