import type { IHubSettings } from '../hubs/hub-entry.js';
import type { Hubs } from '../hubs/hubs.js';
import { OAuthIdentity } from './oauth-identity.js';
import { callbackPath, type IPeopleHub } from './people-hubs.js';
import type { IPeopleSettings } from './people-settings.js';

/** Hubs of the file, as people sign in there. @param first - of the pages and their first hub. */
export function furtherPeople(
  first: IPeopleSettings,
  further: readonly IHubSettings[],
  hubs: Hubs
): readonly IPeopleHub[] {
  return further.flatMap(({ id, apiUrl, publicUrl, serviceName, clientId, clientSecret }) => {
    const hubApi = hubs.get(id)?.hubApi;
    if (hubApi === undefined) {
      return [];
    }
    // Written by that hub's glue from the same two values: JupyterHub compares letters.
    const redirectUri = `${first.origin}${callbackPath(id)}`;
    return [
      {
        settings: { ...first, hub: id, hubUrl: publicUrl, serviceName, clientId, redirectUri },
        identity: new OAuthIdentity({ hub: id, hubApi, apiUrl, clientId, clientSecret, redirectUri })
      }
    ];
  });
}
