import type { PackageEcosystem, PackageEffect, PackageFact, PackageRule } from '@labkeeper/protocol';
import { fitsPattern } from '../policy/fits-pattern.js';
import { namePattern } from './package-name.js';
import { criteriaOf, DAY_MS, type Criterion, type IReadQuestion } from './rule-criteria.js';

/** Names of one ecosystem that a rule is about. */
interface INames {
  readonly exact: ReadonlySet<string>;
  readonly patterns: readonly string[];
}

/** A rule, with all of it read that can be read beforehand. */
export class CompiledRule {
  /** @param position - 1 is the first of the file. */
  constructor(
    readonly rule: PackageRule,
    readonly position: number
  ) {
    this.criteria = criteriaOf(rule);
    this.names = { pypi: namesOf(rule, 'pypi'), conda: namesOf(rule, 'conda') };
  }

  /** Whether it is about a package. @param name - in its one spelling. */
  concerns(ecosystem: PackageEcosystem, name: string): boolean {
    if (this.rule.ecosystem !== undefined && this.rule.ecosystem !== ecosystem) {
      return false;
    }
    const { exact, patterns } = this.names[ecosystem];
    return (
      this.rule.names === undefined || exact.has(name) || patterns.some(pattern => fitsPattern(pattern, name))
    );
  }

  /** Whether it names a package in full, not by a pattern: whoever wrote it meant this one. */
  isAboutExactly(ecosystem: PackageEcosystem, name: string): boolean {
    return this.names[ecosystem].exact.has(name);
  }

  /** @returns null = it does not fit; [] = it fits; else it may fit, and this is not known. */
  unknowns(question: IReadQuestion): readonly PackageFact[] | null {
    const unknowns: PackageFact[] = [];
    for (const criterion of this.criteria) {
      const answer = criterion(question);
      if (answer === false) {
        return null;
      }
      if (answer !== true) {
        unknowns.push(answer);
      }
    }
    return unknowns;
  }

  /** When it may come to fit, or not to, by time alone. @returns epoch ms, also of the past. */
  changesAtMs(publishedAtMs: number): readonly number[] {
    const { min_age_days: least, younger_than_days: younger } = this.rule;
    return [least, younger].filter(days => days !== undefined).map(days => publishedAtMs + days * DAY_MS);
  }

  /**
   * What it holds the verdict to, at least, where it may fit: never more than that somebody must look, unless the rule says
   * so itself. null = nothing; so it is with a rule that allows, which must be sure.
   */
  get floor(): PackageEffect | null {
    const { effect, unknown } = this.rule;
    if (effect === 'allow' || unknown === 'pass') {
      return null;
    }
    return unknown === 'ask' || (unknown === undefined && effect === 'deny') ? 'require-approval' : effect;
  }

  private readonly criteria: readonly Criterion[];
  private readonly names: Readonly<Record<PackageEcosystem, INames>>;
}

function namesOf({ names }: PackageRule, ecosystem: PackageEcosystem): INames {
  const all = (names ?? []).map(name => namePattern(ecosystem, name)).filter(name => name !== null);
  const isPattern = (name: string) => /[*?]/.test(name);
  return { exact: new Set(all.filter(name => !isPattern(name))), patterns: all.filter(isPattern) };
}
