import type { IHubPerson } from './hub-identity.js';

/** Who holds it runs Labkeeper: sets and lifts holds, and erases. */
export const ADMIN_SCOPE = 'custom:labkeeper:admin';

/** Filters give nothing: a hold and an erasure are about persons, and one filter may not know all of somebody's groups. */
export function isAdmin(person: IHubPerson): boolean {
  return person.scopes.includes(ADMIN_SCOPE);
}
