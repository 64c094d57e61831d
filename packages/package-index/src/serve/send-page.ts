import type { FastifyReply, FastifyRequest } from 'fastify';
import { IndexRefusal } from '../index-refusal.js';
import { negotiate, type PageForm } from '../pages/negotiate.js';
import type { IReadyPage } from '../pages/packed-pages.js';
import { hasTag, takesGzip } from './entity-tags.js';

/** The form that is asked for. @throws IndexRefusal */
export function formFor({ headers, query }: FastifyRequest): PageForm {
  const format =
    typeof query === 'object' && query !== null && 'format' in query && typeof query.format === 'string'
      ? query.format
      : undefined;
  const form = negotiate(headers.accept, format);
  if (form === null) {
    throw new IndexRefusal(
      406,
      'Pages are JSON or HTML.',
      'Ask for application/vnd.pypi.simple.v1+json or text/html.'
    );
  }
  return form;
}

/** Whether who asks has the page already. */
export function isUnchanged({ headers }: FastifyRequest, page: Pick<IReadyPage<unknown>, 'etag'>): boolean {
  return hasTag(headers['if-none-match'], page.etag);
}

/** Sends a page, or says that it is unchanged. @throws IndexRefusal */
export async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  page: IReadyPage<unknown>,
  form: PageForm
): Promise<FastifyReply> {
  const { headers, method } = request;
  reply.headers({
    // Kept, but asked for each time: what policy says may be another thing then.
    'cache-control': 'private, no-cache',
    vary: 'Accept, Accept-Encoding'
  });
  if (isUnchanged(request, page)) {
    return reply.header('etag', page.etag).code(304).send();
  }
  const { bytes, lengthBytes, isCompressed, etag } = await page.body(takesGzip(headers['accept-encoding']));
  reply.headers({ etag, 'content-length': lengthBytes });
  reply.type(form === 'text/html' ? 'text/html; charset=utf-8' : form);
  if (isCompressed) {
    reply.header('content-encoding', 'gzip');
  }
  if (method !== 'HEAD') {
    return reply.send(bytes);
  }
  if (!Buffer.isBuffer(bytes)) {
    bytes.destroy();
  }
  return reply.send();
}
