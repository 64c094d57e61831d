import { SECRETS } from '../keys/keys.js';
import { directoryRoutes } from '../api/directory-api.js';
import { legalRoutes } from '../api/legal-api.js';
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
 * @param people - of the first hub. @param advice - what else an administrator should know now.
 */
export function pagesPlugin(people: IPeopleSettings, advice: () => Promise<readonly IAdvice[]>): PagesPlugin {
  const plugin: PagesPlugin = async (fastify, parts) => {
    const { reader, range, keys, cover, hubs, settings, nowMs, holders, legal, events, asked } = parts;
    const { monotonicMs } = parts;
    const others = furtherPeople(people, hubs, monotonicMs);
    const { hub: first, serviceName } = people;
    const firstAccess = new TokenAccess({ hub: first, hubApi: hubs.first.hubApi, serviceName, monotonicMs });
    const accessAt = (hub: string): TokenAccess | undefined =>
      hub === first ? firstAccess : others().find(({ settings: other }) => other.hub === hub)?.access;
    await registerPages(fastify, {
      settings: people,
      further: others,
      scope: parts.scope,
      ...{ reach: parts.reach, readersOf: parts.readersOf },
      hubStates: () => hubs.states(),
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
        tokens: new HubTokens(firstAccess, accessAt),
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
