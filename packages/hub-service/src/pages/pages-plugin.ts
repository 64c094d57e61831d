import type { PagesPlugin } from '../pages-seam.js';
import { OAuthIdentity } from '../people/oauth-identity.js';
import type { IPeopleSettings } from '../people/people-settings.js';
import { systemRandom } from '../people/secrets.js';
import { registerPages } from './register-pages.js';

/** All pages of the service, over its own log and its own JupyterHub. */
export function pagesPlugin(people: IPeopleSettings): PagesPlugin {
  const plugin: PagesPlugin = async (fastify, parts) => {
    const { reader, range, keys, cover, hubApi, settings, nowMs, holders, legal, anchors } = parts;
    await registerPages(fastify, {
      settings: people,
      ...{ reader, holders, legal },
      ...(anchors === undefined ? {} : { anchors }),
      exports: { source: range, signer: keys, cover },
      identity: new OAuthIdentity({
        hubApi,
        apiUrl: settings.hubApiUrl,
        clientId: people.clientId,
        clientSecret: settings.hubToken,
        redirectUri: people.redirectUri
      }),
      groupsFiltered: true,
      random: systemRandom,
      nowMs
    });
  };
  // In no context of its own (fastify-plugin's mark): its headers and its look at the host hold for all that comes after.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}
