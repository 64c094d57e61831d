import type { PackageRule, PackagesPolicy } from '@labkeeper/protocol';
import type { IPackageAdvisory, IPackageAsker, IPackageFacts, IPackageQuestion } from './package-question.js';

export const DAY_MS = 86_400_000;
export const NOW_MS = 1000 * DAY_MS;

export const ALICE: IPackageAsker = { hub: 'west', user: 'alice', groups: ['staff'], image: 'lab/base:2026' };
/** Of a package about which all is known and nothing is wrong. */
export const FACTS: IPackageFacts = {
  ecosystem: 'pypi',
  name: 'Left_Pad',
  version: '1.5',
  licence: 'MIT',
  publishedAtMs: NOW_MS - 100 * DAY_MS,
  advisories: [],
  index: 'public'
};
export const MALICE: IPackageAdvisory = { id: 'MAL-2026-1', aliases: [], severity: null };

let count = 0;

/** A rule that fits everything but what is said. */
export function rule(effect: PackageRule['effect'], more: Partial<PackageRule> = {}): PackageRule {
  count += 1;
  return { id: `r${count}`, effect, reason: 'So we want it.', ...more };
}

export function policyOf(...rules: PackageRule[]): PackagesPolicy {
  return { mode: 'enforce', default: 'allow', malicious: 'deny', rule: rules };
}

export function ask(
  facts: Partial<IPackageFacts> = {},
  more: Partial<IPackageQuestion> = {}
): IPackageQuestion {
  return { facts: { ...FACTS, ...facts }, asker: ALICE, approvals: [], nowMs: NOW_MS, ...more };
}
