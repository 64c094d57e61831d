import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { IndexRefusal } from '../index-refusal.js';
import { isProjectName, normalizeName } from '../project-name.js';
import type { IIndexPluginOptions } from './index-plugin.js';
import { formFor, isUnchanged, sendPage } from './send-page.js';

interface IPageRequest {
  // A wildcard, because the router bounds the length of parameters.
  Params: { '*': string };
}

/** `simple/<project>/`: the page of a project in the form that is asked for; `simple/`: the list of all projects. */
export function pageRoute(fastify: FastifyInstance, options: IIndexPluginOptions): void {
  fastify.route<IPageRequest>({
    method: ['GET', 'HEAD'],
    url: '/simple/*',
    handler: async (request, reply) => {
      const path = request.params['*'];
      return path === '' ? sendNames(options, request, reply) : sendProject(options, request, reply, path);
    }
  });
}

async function sendNames(
  { index, askerOf }: IIndexPluginOptions,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  await askerOf(request);
  const form = formFor(request);
  return sendPage(request, reply, await index.names.page(form), form);
}

async function sendProject(
  { index, askerOf }: IIndexPluginOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string
): Promise<FastifyReply> {
  const asker = await askerOf(request);
  const { name, canonical, isCanonical } = parse(path);
  if (!isCanonical) {
    const search = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
    // Relative, because only who asks knows by which address we were reached.
    return reply.redirect(`${path === name ? '' : '../'}${canonical}/${search}`, 301);
  }
  const form = formFor(request);
  // `uv --refresh` says so; pip says `max-age=0` with every page, which means nothing.
  const isWantedNew = /\bno-cache\b/.test(request.headers['cache-control'] ?? '');
  const known = await index.projects.find(canonical, isWantedNew);
  const page = await index.pages.page(known, asker, form);
  index.onEvent({
    kind: 'page',
    who: asker.who,
    project: canonical,
    outcome: isUnchanged(request, page) ? 'unchanged' : 'served',
    policyVersion: asker.policyVersion,
    blocked: page.about.blocked,
    blockedCount: page.about.blockedCount,
    staleSinceMs: known.staleSinceMs
  });
  if (known.staleSinceMs !== null) {
    reply.header('labkeeper-stale-since', new Date(known.staleSinceMs).toISOString());
  }
  return sendPage(request, reply, page, form);
}

/** @throws IndexRefusal */
function parse(path: string): {
  readonly name: string;
  readonly canonical: string;
  readonly isCanonical: boolean;
} {
  const [name = '', ...rest] = path.split('/');
  if (!isProjectName(name) || rest.length > 1 || (rest.length === 1 && rest[0] !== '')) {
    throw new IndexRefusal(404, 'This is no name of a project.', 'Check how it is written.');
  }
  const canonical = normalizeName(name);
  return { name, canonical, isCanonical: rest.length === 1 && name === canonical };
}
