import { SECRETS } from '../keys/keys.js';
import { directoryRoutes } from '../api/directory-api.js';
import { legalRoutes } from '../api/legal-api.js';
import type { IHubApi } from '../hub-api/hub-api.js';
import type { IHubSettings } from '../hubs/hub-entry.js';
import type { PagesPlugin } from '../pages-seam.js';
import { HubTokens } from '../people/hub-tokens.js';
import { OAuthIdentity } from '../people/oauth-identity.js';
import { furtherPeople } from '../people/further-people.js';
import type { IPeopleSettings } from '../people/people-settings.js';
import { systemRandom } from '../people/secrets.js';
import { TokenAccess } from '../people/token-access.js';
import { registerPages } from './register-pages.js';
import type { IAdvice } from './service-state.js';

/**
 * All pages of the service, over its own log and its JupyterHubs.
 *
 * @param further - those beside the first. @param advice - what else an administrator should know now.
 */
export function pagesPlugin(
  people: IPeopleSettings,
  further: readonly IHubSettings[],
  advice: () => Promise<readonly IAdvice[]>
): PagesPlugin {
  const plugin: PagesPlugin = async (fastify, parts) => {
    const { reader, range, keys, cover, hubs, settings, nowMs, holders, legal, events, asked } = parts;
    const { monotonicMs } = parts;
    const others = furtherPeople(people, further, hubs);
    const access = ({ hub, serviceName }: IPeopleSettings, hubApi: IHubApi): TokenAccess =>
      new TokenAccess({ hub, hubApi, serviceName, monotonicMs });
    const firstAccess = access(people, hubs.first.hubApi);
    const tokens = new Map([[people.hub, firstAccess]]);
    for (const { settings: other } of others) {
      const known = hubs.get(other.hub);
      if (known) {
        tokens.set(other.hub, access(other, known.hubApi));
      }
    }
    await registerPages(fastify, {
      settings: people,
      further: others,
      scope: parts.scope,
      ...(others.length > 0 || hubs.states().length > 1 ? { hubStates: () => hubs.states() } : {}),
      ...(parts.anchors && { anchors: parts.anchors }),
      ...(parts.retention && { retention: parts.retention }),
      ...(parts.partitions && { partitions: parts.partitions }),
      store: parts.sessions,
      views: parts.views,
      policyTrouble: parts.policyTrouble,
      advice,
      monotonicMs,
      signInKey: keys.secret(SECRETS.signIn),
      ...{ reader, holders, legal, events, asked, outgoing: parts.outgoing },
      again: parts.again,
      exports: { source: range, signer: keys, cover },
      identity: new OAuthIdentity({
        hub: people.hub,
        hubApi: hubs.first.hubApi,
        apiUrl: settings.hubApiUrl,
        clientId: people.clientId,
        clientSecret: settings.hubToken,
        redirectUri: people.redirectUri
      }),
      api: {
        tokens: new HubTokens(firstAccess, tokens),
        routes: [legalRoutes(parts), directoryRoutes(parts)]
      },
      groupsFiltered: true,
      random: systemRandom,
      nowMs
    });
  };
  // In no context of its own (fastify-plugin's mark): its headers and its look at the host hold for all that comes after.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}
