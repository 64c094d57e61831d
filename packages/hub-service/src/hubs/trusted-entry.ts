import { createHmac } from 'node:crypto';
import { SECRETS, type IKeys } from '../keys/keys.js';
import type { ITrustedHub } from '../store/trusted-hubs.js';
import type { IHubSettings } from './hub-entry.js';

/** How many hexadecimal digits tell one pair of secrets from another. */
const DIGITS = 16;

/** What the log holds of a hub's entry: no secret, and nothing that a guess of one can be compared with without the service's key. */
export function trustedEntry(hub: IHubSettings, keys: Pick<IKeys, 'secret'>): ITrustedHub {
  const { id, apiUrl, publicUrl, serviceName, clientId, token, clientSecret } = hub;
  const secrets = createHmac('sha256', keys.secret(SECRETS.hubs))
    // With the name: that two hubs have the same token is not told either.
    .update(JSON.stringify([id, token, clientSecret]))
    .digest('hex')
    .slice(0, DIGITS);
  return { id, entry: { apiUrl, publicUrl, serviceName, clientId, secrets } };
}
