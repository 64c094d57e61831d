import type { IPackageQuestion, PackageRules } from '@labkeeper/core';
import type { PackageCase, PackageVerdict } from '@labkeeper/protocol';

const DAY_MS = 86_400_000;
/** Cases tell ages, so any moment does. */
const NOW_MS = Date.UTC(2100, 0, 1);

/** A case, and what policy says of it. */
export interface IJudgedCase {
  readonly one: PackageCase;
  readonly verdict: PackageVerdict;
  /** What was expected and is not so, in words; null = all is as expected. */
  readonly surprise: string | null;
}

/** What policy says of a case, held against what it expects. */
export function judgeCase(rules: PackageRules, one: PackageCase): IJudgedCase {
  const verdict = rules.decide(questionOf(one));
  const surprises = [
    ...(one.expect !== undefined && one.expect !== verdict.effect
      ? [`expected ${one.expect}, got ${verdict.effect}`]
      : []),
    ...(one.rule !== undefined && one.rule !== verdict.rule.id
      ? [`expected the rule "${one.rule}", got "${verdict.rule.id}"`]
      : [])
  ];
  return { one, verdict, surprise: surprises.length === 0 ? null : surprises.join(', and ') };
}

function questionOf(one: PackageCase): IPackageQuestion {
  return {
    facts: {
      ecosystem: one.ecosystem,
      name: one.name,
      version: one.version ?? null,
      licence: one.licence ?? null,
      index: one.index ?? null,
      publishedAtMs: one.age_days === undefined ? null : NOW_MS - one.age_days * DAY_MS,
      advisories:
        one.advisories?.map(({ id, aliases, severity }) => ({ id, aliases, severity: severity ?? null })) ??
        null
    },
    asker: { hub: one.hub, user: one.user, groups: one.groups, image: one.image ?? null },
    approvals: [],
    nowMs: NOW_MS
  };
}
