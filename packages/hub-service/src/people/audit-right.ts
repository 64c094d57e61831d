import type { IHubPerson } from './hub-identity.js';

/** Who holds it may read the install log; with `!group=NAME`, only the records of people in that group. */
export const AUDIT_SCOPE = 'custom:labkeeper:audit';

/** What of the log somebody may read. */
export type AuditRight =
  | { readonly kind: 'all' }
  /** At least one group, in the order of the alphabet. */
  | { readonly kind: 'groups'; readonly groups: readonly string[] };

/** What `person` may read; null = nothing. Filters that are not by group give nothing: we do not know them. */
export function auditRight(person: IHubPerson): AuditRight | null {
  if (person.scopes.includes(AUDIT_SCOPE)) {
    return { kind: 'all' };
  }
  const start = `${AUDIT_SCOPE}!group=`;
  const groups = person.scopes
    .filter(scope => scope.startsWith(start) && scope.length > start.length)
    .map(scope => scope.slice(start.length));
  return groups.length > 0 ? { kind: 'groups', groups: [...new Set(groups)].sort() } : null;
}

/** Whether `person` may come to the service at all: a token outlives the permission. */
export function mayEnter(person: IHubPerson, serviceName: string): boolean {
  return (
    person.scopes.includes('access:services') ||
    person.scopes.includes(`access:services!service=${serviceName}`)
  );
}
