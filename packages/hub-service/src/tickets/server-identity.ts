import type { HubUser } from '../hub-api/hub-api.js';

const SCOPE = 'access:servers!server=';

/**
 * The name of the server whose own token it is: of a user, with exactly one server scope, of a server that is the user's
 * own. Whoever may use another's server can have a token that names it; then the names differ.
 *
 * @returns null = it is no such token. '' is the default server.
 */
export function serverOf({ kind, name, scopes }: HubUser): string | null {
  const servers = scopes.filter(scope => scope.startsWith(SCOPE));
  const [only] = servers;
  if (kind !== 'user' || only === undefined || servers.length > 1) {
    return null;
  }
  const place = only.slice(SCOPE.length);
  const server = place.slice(name.length + 1);
  return place.startsWith(`${name}/`) && !server.includes('/') ? server : null;
}
