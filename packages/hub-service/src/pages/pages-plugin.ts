import { SECRETS } from '../keys/keys.js';
import { directoryRoutes } from '../api/directory-api.js';
import { legalRoutes } from '../api/legal-api.js';
import type { PagesPlugin } from '../pages-seam.js';
import { OAuthIdentity } from '../people/oauth-identity.js';
import type { IPeopleSettings } from '../people/people-settings.js';
import { systemRandom } from '../people/secrets.js';
import { TokenAccess } from '../people/token-access.js';
import { registerPages } from './register-pages.js';

/** All pages of the service, over its own log and its own JupyterHub. */
export function pagesPlugin(people: IPeopleSettings): PagesPlugin {
  const plugin: PagesPlugin = async (fastify, parts) => {
    const { reader, range, keys, cover, hubApi, settings, nowMs, holders, legal, events, asked } = parts;
    await registerPages(fastify, {
      settings: people,
      ...(parts.anchors && { anchors: parts.anchors }),
      store: parts.sessions,
      views: parts.views,
      policyTrouble: parts.policyTrouble,
      monotonicMs: parts.monotonicMs,
      signInKey: keys.secret(SECRETS.signIn),
      ...{ reader, holders, legal, events, asked, outgoing: parts.outgoing },
      again: parts.again,
      exports: { source: range, signer: keys, cover },
      identity: new OAuthIdentity({
        hubApi,
        apiUrl: settings.hubApiUrl,
        clientId: people.clientId,
        clientSecret: settings.hubToken,
        redirectUri: people.redirectUri
      }),
      api: {
        access: new TokenAccess({ hubApi, serviceName: people.serviceName, monotonicMs: parts.monotonicMs }),
        routes: [legalRoutes({ ...parts, hub: people.hub }), directoryRoutes({ ...parts, hub: people.hub })]
      },
      groupsFiltered: true,
      random: systemRandom,
      nowMs
    });
  };
  // In no context of its own (fastify-plugin's mark): its headers and its look at the host hold for all that comes after.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}
