import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { IAsker } from '../decision.js';
import type { PackageIndex } from '../package-index.js';
import { fileRoute } from './file-route.js';
import { pageRoute } from './page-route.js';
import { sendRefusal } from './send-refusal.js';

export interface IIndexPluginOptions {
  readonly index: PackageIndex;
  /**
   * Who asks. Whoever may not ask at all is refused by throwing an `IndexRefusal` with 403, never 401: pip would ask for a
   * password.
   */
  readonly askerOf: (request: FastifyRequest) => Promise<IAsker>;
}

/** Routes of a package index, `simple/` and `files/`, below wherever it is registered. */
export function indexPlugin(options: IIndexPluginOptions): FastifyPluginAsync {
  return async fastify => {
    fastify.setErrorHandler(sendRefusal);
    fastify.addHook('onRequest', async (_request, reply) => {
      reply.headers({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'"
      });
    });
    pageRoute(fastify, options);
    fileRoute(fastify, options);
  };
}
