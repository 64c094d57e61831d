import type { FastifyInstance, FastifyReply } from 'fastify';
import { IndexRefusal } from '../index-refusal.js';
import { negotiate } from '../pages/negotiate.js';
import { isProjectName, normalizeName } from '../project-name.js';
import { hasTag, takesGzip } from './entity-tags.js';
import type { IIndexPluginOptions } from './index-plugin.js';

interface IPageRequest {
  // A wildcard, because the router bounds the length of parameters.
  Params: { '*': string };
  Querystring: Readonly<Record<string, unknown>>;
}

/** `simple/<project>/`: the page of a project in the form that is asked for. */
export function pageRoute(fastify: FastifyInstance, { index, askerOf }: IIndexPluginOptions): void {
  fastify.route<IPageRequest>({
    method: ['GET', 'HEAD'],
    url: '/simple/*',
    handler: async (request, reply) => {
      const { headers, query } = request;
      const [name = '', ...rest] = request.params['*'].split('/');
      const asker = await askerOf(request);
      checkName(name, rest);
      const canonical = normalizeName(name);
      if (rest.length === 0 || name !== canonical) {
        const search = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
        // Relative, because only who asks knows by which address we were reached.
        return reply.redirect(`${rest.length === 0 ? '' : '../'}${canonical}/${search}`, 301);
      }
      const format = typeof query['format'] === 'string' ? query['format'] : undefined;
      const form = negotiate(headers.accept, format);
      if (form === null) {
        throw new IndexRefusal(
          406,
          'Pages are JSON or HTML.',
          'Ask for application/vnd.pypi.simple.v1+json or text/html.'
        );
      }
      // `uv --refresh` says so; pip says `max-age=0` with every page, which means nothing.
      const isWantedNew = /\bno-cache\b/.test(headers['cache-control'] ?? '');
      const known = await index.projects.find(canonical, isWantedNew);
      const page = await index.pages.page(known, asker, form);
      const isUnchanged = hasTag(headers['if-none-match'], page.etag);
      index.onEvent({
        kind: 'page',
        who: asker.who,
        project: canonical,
        outcome: isUnchanged ? 'unchanged' : 'served',
        policyVersion: asker.policyVersion,
        blocked: page.blocked,
        staleSinceMs: known.staleSinceMs
      });
      reply.headers({
        etag: page.etag,
        // Kept, but asked for each time: what policy says may be another thing then.
        'cache-control': 'private, no-cache',
        vary: 'Accept, Accept-Encoding'
      });
      if (known.staleSinceMs !== null) {
        reply.header('labkeeper-stale-since', new Date(known.staleSinceMs).toISOString());
      }
      if (isUnchanged) {
        return reply.code(304).send();
      }
      reply.type(form === 'text/html' ? 'text/html; charset=utf-8' : form);
      const bytes = takesGzip(headers['accept-encoding']) ? compressed(reply, page) : page.identity;
      reply.header('content-length', bytes.length);
      return request.method === 'HEAD' ? reply.send() : reply.send(bytes);
    }
  });
}

function compressed(
  reply: FastifyReply,
  page: { readonly identity: Buffer; readonly gzip: Buffer | null }
): Buffer {
  if (page.gzip) {
    reply.header('content-encoding', 'gzip');
  }
  return page.gzip ?? page.identity;
}

/** @throws IndexRefusal */
function checkName(name: string, rest: readonly string[]): void {
  if (name === '' && rest.length === 0) {
    throw new IndexRefusal(
      404,
      'The list of all projects is not served.',
      'Ask for a project by its name, or search in the Packages panel of JupyterLab.'
    );
  }
  if (!isProjectName(name) || rest.length > 1 || (rest.length === 1 && rest[0] !== '')) {
    throw new IndexRefusal(404, 'This is no name of a project.', 'Check how it is written.');
  }
}
