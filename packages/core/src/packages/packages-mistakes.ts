import type { PackageEcosystem, PackageRule, PackagesPolicy } from '@labkeeper/protocol';
import { licencePattern } from './licence.js';
import { namePattern } from './package-name.js';
import { OWN_RULES } from './package-rules.js';
import { parseSpecifier } from './specifier.js';

/** What is wrong at one place of `[packages]`. */
export interface IPackagesMistake {
  /** Keys and indexes, from `[packages]` on. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly got: unknown;
}

/** What is wrong with rules that have the right shape, in their order: it could never mean what its author meant. */
export function packagesMistakes({ rule }: PackagesPolicy): readonly IPackagesMistake[] {
  const seen = new Set<string>();
  return rule.flatMap((one, index) => {
    const isKnown = seen.has(one.id);
    seen.add(one.id);
    return [
      ...(isKnown ? [{ key: 'id', expected: 'a name that no rule before it has', got: one.id }] : []),
      ...mistakesOf(one)
    ].map(({ key, expected, got }) => ({ path: ['rule', index, key], expected, got }));
  });
}

interface IMistake {
  readonly key: keyof PackageRule;
  readonly expected: string;
  readonly got: unknown;
}

function mistakesOf(rule: PackageRule): readonly IMistake[] {
  const {
    id,
    effect,
    version,
    licences = [],
    unknown,
    younger_than_days: younger,
    min_age_days: least
  } = rule;
  const mistakes: IMistake[] = [];
  if (OWN_RULES.some(own => own === id)) {
    mistakes.push({ key: 'id', expected: "a name that is not one of Labkeeper's own rules", got: id });
  }
  const name = badName(rule);
  if (name !== undefined) {
    mistakes.push({ key: 'names', expected: 'names that packages can have, also with * and ?', got: name });
  }
  if (version !== undefined && parseSpecifier(version) === null) {
    mistakes.push({ key: 'version', expected: 'a specifier of PEP 440, such as ">=1.2,<2"', got: version });
  }
  const licence = licences.find(entry => licencePattern(entry) === null);
  if (licence !== undefined) {
    mistakes.push({
      key: 'licences',
      expected: 'identifiers of SPDX, such as "MIT", "BSD-*" or "GPL-2.0-only WITH Classpath-exception-2.0"',
      got: licence
    });
  }
  if (younger !== undefined && least !== undefined && younger <= least) {
    mistakes.push({
      key: 'younger_than_days',
      expected: 'more days than min_age_days, or nothing would fit',
      got: younger
    });
  }
  if (unknown !== undefined && effect === 'allow') {
    mistakes.push({
      key: 'unknown',
      expected: 'nothing of this name in a rule that allows, which must be sure',
      got: unknown
    });
  }
  return mistakes;
}

function badName({ names = [], ecosystem }: PackageRule): string | undefined {
  const ecosystems: readonly PackageEcosystem[] = ecosystem === undefined ? ['pypi', 'conda'] : [ecosystem];
  return names.find(name => ecosystems.every(one => namePattern(one, name) === null));
}
