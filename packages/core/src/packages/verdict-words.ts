import type { PackageApproval, PackageEffect, PackageFact } from '@labkeeper/protocol';
import { shownName } from './package-name.js';
import { isMalicious, type IPackageFacts } from './package-question.js';

/** Sentences of verdicts. They are plain ASCII where no admin wrote them, so that pip and uv can print them. */

const FACTS: Readonly<Record<PackageFact, string>> = {
  version: 'a version that can be compared',
  licence: 'its licence',
  age: 'when it was published',
  advisories: 'its advisories',
  severity: 'how severe one of its advisories is',
  index: 'the index that it comes from',
  groups: 'the groups that you are in',
  image: 'the image of your server'
};

const WOULD: Readonly<Record<PackageEffect, string>> = {
  allow: 'would allow it',
  warn: 'would warn of it',
  'require-approval': 'would have it approved first',
  deny: 'would deny it'
};

/** A package as a sentence names it. */
export function whatOf({ name, version }: IPackageFacts): string {
  return version === null ? shownName(name) : `${shownName(name)} ${shownName(version)}`;
}

/** Why a rule that may fit decides: what is not known, and the rule's own reason. */
export function uncertainReason(
  { id, effect, reason }: { readonly id: string; readonly effect: PackageEffect; readonly reason: string },
  unknowns: readonly PackageFact[]
): string {
  return `Not known: ${unknowns.map(fact => FACTS[fact]).join(', ')}. Rule "${id}" ${WOULD[effect]}, depending on that: ${reason}`;
}

/** Why something that no rule fits is treated so. */
export function defaultReason(effect: PackageEffect, what: string): string {
  switch (effect) {
    case 'allow':
      return `No rule is against ${what}.`;
    case 'warn':
      return `No rule allows ${what}; it can be installed all the same.`;
    case 'require-approval':
      return `No rule allows ${what}, so it needs an approval.`;
    case 'deny':
      return `No rule allows ${what}.`;
  }
}

/** What to do next; null = nothing. @param suggestion - the known package whose name is like this one's; null = none. */
export function nextStep(effect: PackageEffect, ruleId: string, suggestion: string | null): string | null {
  const meant = suggestion === null ? '' : `If you meant ${suggestion}, install that. `;
  switch (effect) {
    case 'allow':
      return null;
    case 'warn':
      return `${meant}It can be installed; read the reason first.`;
    case 'require-approval':
      return `${meant}Ask for it in JupyterLab; when it is approved, install it again.`;
    case 'deny':
      return `${meant}Choose another version or package, or ask your admins about the rule "${ruleId}".`;
  }
}

/** Why an approval lets something pass. */
export function approvedReason({ id, untilMs }: PackageApproval, ruleId: string): string {
  const until =
    untilMs === null ? '' : ` until ${new Date(untilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `Approved${until} (${shownName(id)}); the rule "${ruleId}" asks for an approval.`;
}

/** Why something malicious is denied. */
export function maliciousReason(facts: IPackageFacts): string {
  const ids = (facts.advisories ?? []).filter(isMalicious).map(({ id }) => shownName(id));
  return `${whatOf(facts)} is known to be malicious (${ids.slice(0, 3).join(', ')}).`;
}

/** What to do about something malicious. */
export const MALICIOUS_NEXT =
  'Do not install it. If it was installed before, tell your admins at once: others may have what it could read.';

/** Why a text that is no name is denied. */
export function noNameReason({ ecosystem, name }: IPackageFacts): string {
  return `No package of ${ecosystem === 'pypi' ? 'PyPI' : 'conda'} can have the name "${shownName(name)}".`;
}

/** What to do about a text that is no name. */
export function noNameNext(suggestion: string | null): string {
  return suggestion === null
    ? 'Write the name with plain letters, digits, dots and dashes.'
    : `It looks like ${suggestion}: if you meant that, write it yourself; do not copy the name from where you have it.`;
}

/** Why a name is warned of that is like a known one. */
export function similarReason(facts: IPackageFacts, suggestion: string): string {
  return `${shownName(facts.name)} is not ${suggestion}, but its name is like it, as names of malicious packages are.`;
}
