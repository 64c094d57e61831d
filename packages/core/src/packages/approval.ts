import type { PackageApproval } from '@labkeeper/protocol';
import { packageName } from './package-name.js';
import type { IPackageAsker, IPackageQuestion } from './package-question.js';
import { fitsSpecifier, parseSpecifier } from './specifier.js';
import { parseVersion } from './version.js';

/** The first approval that holds for this package, this person and this moment; null = none does. */
export function approvalFor({ facts, asker, approvals, nowMs }: IPackageQuestion): PackageApproval | null {
  const name = packageName(facts.ecosystem, facts.name);
  return (
    approvals.find(
      approval =>
        approval.ecosystem === facts.ecosystem &&
        name !== null &&
        packageName(approval.ecosystem, approval.name) === name &&
        (approval.untilMs === null || nowMs < approval.untilMs) &&
        isFor(approval.for, asker) &&
        covers(approval.version, facts.version)
    ) ?? null
  );
}

function isFor(who: PackageApproval['for'], { hub, user, groups }: IPackageAsker): boolean {
  if (who.hub !== hub) {
    return false;
  }
  switch (who.kind) {
    case 'user':
      return who.user === user;
    case 'group':
      return groups?.includes(who.group) === true;
    case 'everyone':
      return true;
  }
}

/** A range that cannot be read covers nothing, and so does any range where the version is not known. */
function covers(range: string | null, version: string | null): boolean {
  if (range === null) {
    return true;
  }
  const specifier = parseSpecifier(range);
  const parsed = version === null ? null : parseVersion(version);
  return specifier !== null && parsed !== null && fitsSpecifier(specifier, parsed);
}
