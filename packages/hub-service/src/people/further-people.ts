import type { Hubs, IHub } from '../hubs/hubs.js';
import { OAuthIdentity } from './oauth-identity.js';
import { callbackPath, type IPeopleHub } from './people-hubs.js';
import type { IPeopleSettings } from './people-settings.js';
import { TokenAccess } from './token-access.js';

/** A hub of the file, as people sign in there, and come with tokens from there. */
export interface IFurtherPeople extends IPeopleHub {
  readonly access: TokenAccess;
}

/**
 * Hubs of the file, as people sign in there. Asked each time: the file may change.
 *
 * @param first - of the pages and their first hub. @param monotonicMs - milliseconds that only grow.
 */
export function furtherPeople(
  first: IPeopleSettings,
  hubs: Pick<Hubs, 'further'>,
  monotonicMs: () => number
): () => readonly IFurtherPeople[] {
  // A hub that is told otherwise is another object; what is known of tokens of the one before goes with it.
  const known = new WeakMap<IHub, IFurtherPeople>();
  return () =>
    hubs.further.flatMap(hub => {
      const people = known.get(hub) ?? peopleOf(first, hub, monotonicMs);
      if (people === null) {
        return [];
      }
      known.set(hub, people);
      return [people];
    });
}

/** null = the file does not say how people sign in there. */
function peopleOf(
  first: IPeopleSettings,
  { hubApi, settings }: IHub,
  monotonicMs: () => number
): IFurtherPeople | null {
  if (settings === undefined) {
    return null;
  }
  const { id: hub, apiUrl, publicUrl, serviceName, clientId, clientSecret } = settings;
  // Written by that hub's glue from the same two values: JupyterHub compares letters.
  const redirectUri = `${first.origin}${callbackPath(hub)}`;
  return {
    settings: { ...first, hub, hubUrl: publicUrl, serviceName, clientId, redirectUri },
    identity: new OAuthIdentity({ hub, hubApi, apiUrl, clientId, clientSecret, redirectUri }),
    access: new TokenAccess({ hub, hubApi, serviceName, monotonicMs })
  };
}
