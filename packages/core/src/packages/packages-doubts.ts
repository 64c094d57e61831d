import type { PackageEcosystem, PackageRule, PackagesPolicy } from '@labkeeper/protocol';
import { CompiledRule } from './compiled-rule.js';
import { isStricter } from './heed.js';
import type { IPackageAsker, IPackageFacts } from './package-question.js';
import { PackageRules } from './package-rules.js';
import { parseSpecifier } from './specifier.js';

/** Something that a policy says and its author hardly means. */
export interface IPackagesDoubt {
  /** Place of the rule in question, from 0; null = the default. */
  readonly rule: number | null;
  /** One sentence, with what to do. */
  readonly sentence: string;
}

/** Without these nothing else can be installed, built or run: a list that leaves them out has been written in a hurry. */
const NEEDED: Readonly<
  Record<PackageEcosystem, readonly { readonly name: string; readonly licence: string }[]>
> = {
  pypi: [
    { name: 'pip', licence: 'MIT' },
    { name: 'setuptools', licence: 'MIT' },
    { name: 'wheel', licence: 'MIT' },
    { name: 'hatchling', licence: 'MIT' },
    { name: 'flit-core', licence: 'BSD-3-Clause' },
    { name: 'ipykernel', licence: 'BSD-3-Clause' }
  ],
  conda: [
    { name: 'python', licence: 'Python-2.0' },
    { name: 'pip', licence: 'MIT' },
    { name: 'ipykernel', licence: 'BSD-3-Clause' }
  ]
};
/** Versions that are tried besides those that rules name. */
const VERSIONS = ['0.1', '1.0', '3.12', '7.1', '26.3', '80.9', '9999'];
/** Ages of releases that are tried, in ms: of ten years, and of now. */
const AGES_MS = [10 * 365 * 86_400_000, 0];
/** At most so many versions and indexes are tried. */
const TRIED = 40;

/** What a policy says that its author hardly means; it can be used all the same. */
export function packagesDoubts(policy: PackagesPolicy): readonly IPackagesDoubt[] {
  // Where no rule is about conda, whoever wrote them did not think of it, or does not have it.
  const hasConda = policy.rule.some(({ ecosystem }) => ecosystem === 'conda');
  return [...blocked(policy, 'pypi'), ...(hasConda ? blocked(policy, 'conda') : []), ...neverReached(policy)];
}

function blocked(policy: PackagesPolicy, ecosystem: PackageEcosystem): readonly IPackagesDoubt[] {
  const rules = new PackageRules(policy);
  const by = new Map<string, string[]>();
  for (const asker of askers(policy)) {
    for (const { name, licence } of NEEDED[ecosystem]) {
      const id = blockedBy({ policy, rules, asker, facts: { ...GOOD, ecosystem, name, licence } });
      if (id !== null && !by.get(id)?.includes(name)) {
        by.set(id, [...(by.get(id) ?? []), name]);
      }
    }
  }
  return [...by].map(([id, names]) => {
    const index = policy.rule.findIndex(rule => rule.id === id);
    const who = index < 0 ? 'the default' : `the rule "${id}"`;
    const quoted = names.map(name => `"${name}"`).join(', ');
    const itself = names.includes('pip') ? 'pip itself' : names[0];
    return {
      rule: index < 0 ? null : index,
      sentence:
        `this policy blocks ${itself} (${ecosystem}, by ${who}): no version of ${names.join(', ')} can be had without an approval; ` +
        `if that is not meant, put a rule before it that allows names = [${quoted}]`
    };
  });
}

const GOOD: Omit<IPackageFacts, 'ecosystem' | 'name'> = {
  version: null,
  licence: null,
  publishedAtMs: null,
  advisories: [],
  index: null
};

interface ITried {
  readonly policy: PackagesPolicy;
  readonly rules: PackageRules;
  readonly asker: IPackageAsker;
  readonly facts: IPackageFacts;
}

/** The rule by which no version, of no age, from no index, can be had without an approval; null = there is a way. */
function blockedBy({ policy, rules, asker, facts }: ITried): string | null {
  const decisions = rules.of(facts.ecosystem, facts.name);
  const nowMs = AGES_MS[0] ?? 0;
  let by: string | null = null;
  for (const version of versions(policy)) {
    for (const index of indexes(policy)) {
      for (const ageMs of AGES_MS) {
        const tried = { ...facts, version, index, publishedAtMs: nowMs - ageMs };
        const { effect, rule } = decisions.decide({ facts: tried, asker, approvals: [], nowMs });
        if (!isStricter(effect, 'warn')) {
          return null;
        }
        by ??= rule.id;
      }
    }
  }
  return by;
}

/** Somebody in no group, and for each rule somebody whom it is about. */
function askers({ rule }: PackagesPolicy): readonly IPackageAsker[] {
  const plain = { hub: 'hub', user: 'somebody', groups: [], image: 'image' };
  const special = rule
    .filter(({ hubs, groups, images }) => (hubs ?? groups ?? images) !== undefined)
    .slice(0, TRIED)
    .map(({ hubs, groups, images }) => ({
      ...plain,
      hub: hubs?.[0] ?? plain.hub,
      groups: groups?.slice(0, 1) ?? [],
      image: instance(images?.[0] ?? plain.image)
    }));
  return [plain, ...special];
}

function versions({ rule }: PackagesPolicy): readonly string[] {
  const named = rule
    .flatMap(({ version = '' }) => parseSpecifier(version) ?? [])
    .map(({ version }) => version.text);
  return [...new Set([...VERSIONS, ...named])].slice(0, TRIED);
}

function indexes({ rule }: PackagesPolicy): readonly string[] {
  const named = rule.flatMap(({ indexes: patterns = [] }) => patterns.map(instance));
  return [...new Set(['an index', ...named])].slice(0, TRIED);
}

/** A text that a pattern stands for. */
function instance(pattern: string): string {
  return pattern.replaceAll('*', '').replaceAll('?', 'x');
}

/** Rules that stand behind one that fits everything. */
function neverReached({ rule }: PackagesPolicy): readonly IPackagesDoubt[] {
  const first = rule.findIndex(one => one.ecosystem === undefined && fitsAll(one));
  const behind = rule[first + 1];
  if (first < 0 || behind === undefined) {
    return [];
  }
  return [
    {
      rule: first + 1,
      sentence: `the rule "${behind.id}" and what stands behind it never decide, because the rule "${rule[first]?.id}" before it fits everything`
    }
  ];
}

function fitsAll(rule: PackageRule): boolean {
  const unknowns = new CompiledRule(rule, 1).unknowns({
    facts: { ...GOOD, ecosystem: 'pypi', name: 'x', advisories: null },
    ...{ asker: { hub: '', user: '', groups: null, image: null }, approvals: [], nowMs: 0 },
    ...{ version: null, licence: null }
  });
  return rule.names === undefined && rule.hubs === undefined && unknowns?.length === 0;
}
