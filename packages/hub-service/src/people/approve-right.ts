import type { ApproveRight } from '@labkeeper/core';
import type { IHubPerson } from './hub-identity.js';

/** Who holds it may decide about requests; with `!group=NAME`, only those of people in that group. */
export const APPROVE_SCOPE = 'custom:labkeeper:approve';

/** What `person` may decide about; null = nothing. Filters that are not by group give nothing: we do not know them. */
export function approveRight({ scopes }: IHubPerson): ApproveRight | null {
  if (scopes.includes(APPROVE_SCOPE)) {
    return { kind: 'all' };
  }
  const start = `${APPROVE_SCOPE}!group=`;
  const groups = scopes
    .filter(scope => scope.startsWith(start) && scope.length > start.length)
    .map(scope => scope.slice(start.length));
  return groups.length > 0 ? { kind: 'groups', groups: [...new Set(groups)].sort() } : null;
}
