import type { FastifyInstance } from 'fastify';
import type { IPagesParts, PagesPlugin } from '../pages-seam.js';
import { pagesServer } from './pages-server.js';

/** What people speak with. Only plugins say what is on it: headers, sessions and limits are theirs. */
export function pagesListener(plugins: readonly PagesPlugin[], parts: IPagesParts): FastifyInstance {
  const fastify = pagesServer(parts.log);
  for (const plugin of plugins) {
    fastify.register(plugin, parts);
  }
  return fastify;
}
