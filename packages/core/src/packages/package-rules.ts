import {
  NO_PACKAGES_POLICY,
  PACKAGE_FACTS,
  type PackageEcosystem,
  type PackageEffect,
  type PackageFact,
  type PackagesPolicy,
  type PackageVerdict
} from '@labkeeper/protocol';
import { approvalFor } from './approval.js';
import { CompiledRule } from './compiled-rule.js';
import { isStricter } from './heed.js';
import { parseLicence } from './licence.js';
import { Lookalikes } from './lookalikes.js';
import { packageName } from './package-name.js';
import { isMalicious, type IPackageQuestion } from './package-question.js';
import type { IReadQuestion } from './rule-criteria.js';
import {
  approvedReason,
  defaultReason,
  MALICIOUS_NEXT,
  maliciousReason,
  nextStep,
  noNameNext,
  noNameReason,
  similarReason,
  uncertainReason,
  whatOf
} from './verdict-words.js';
import { parseVersion } from './version.js';

/** Names of Labkeeper's own rules; no rule of a policy may have them. */
export const OWN_RULES = ['default', 'known-malicious', 'not-a-name', 'similar-name'] as const;

type Missing = PackageVerdict['missing'];

/** What the rules say, before approvals and names that are like others. */
interface IRuled {
  readonly effect: PackageEffect;
  readonly id: string;
  /** The rule; null = the default. */
  readonly by: CompiledRule | null;
  readonly reason: string;
  readonly next: string | null;
}

/**
 * Decides about packages, by the rules of a policy.
 *
 * 1. A text that no package can have for a name is denied; so is what is known to be malicious, unless the policy leaves
 *    that to its rules.
 * 2. Of the rules the first that fits decides; where none fits, the default does.
 * 3. A rule that may fit, because something that it names is not known, never decides, and never lets more pass. One that
 *    allows is passed over. Any other holds the verdict at what it would say itself, but to no more than that an approval is
 *    needed; rules behind it can only make that stricter. Its word `unknown` can choose otherwise.
 * 4. An approval lets pass what needs one, and never what is denied.
 * 5. A name that is like a known one is warned of, unless a rule names it in full, or it is approved.
 */
export class PackageRules {
  /** @param known - more names that others are mistaken for, in their one spelling; those that rules allow are known. */
  constructor(
    private readonly policy: PackagesPolicy = NO_PACKAGES_POLICY,
    known: Readonly<Partial<Record<PackageEcosystem, readonly string[]>>> = {}
  ) {
    this.rules = policy.rule.map((rule, index) => new CompiledRule(rule, index + 1));
    this.lookalikes = {
      pypi: this.lookalikesOf('pypi', known.pypi),
      conda: this.lookalikesOf('conda', known.conda)
    };
  }

  /** What is said of one version of a package, or of a package whose version is not chosen yet. */
  decide(question: IPackageQuestion): PackageVerdict {
    const { ecosystem, name } = question.facts;
    return this.of(ecosystem, name).decide(question);
  }

  /** The decisions about one package: the page of a project has thousands of files, and few rules are about it. */
  of(ecosystem: PackageEcosystem, written: string): { decide(question: IPackageQuestion): PackageVerdict } {
    const name = packageName(ecosystem, written);
    if (name === null) {
      const suggestion = this.lookalikes[ecosystem].find(written);
      const next = noNameNext(suggestion);
      return { decide: ({ facts }) => denied('not-a-name', noNameReason(facts), next, suggestion) };
    }
    const rules = this.rules.filter(rule => rule.concerns(ecosystem, name));
    const suggestion = this.lookalikes[ecosystem].find(name);
    return { decide: question => this.judge(question, rules, name, suggestion) };
  }

  private judge(
    question: IPackageQuestion,
    rules: readonly CompiledRule[],
    name: string,
    suggestion: string | null
  ): PackageVerdict {
    const { facts } = question;
    const missing = new Map<PackageFact, string>();
    if (this.policy.malicious === 'deny') {
      if (facts.advisories?.some(isMalicious)) {
        return denied('known-malicious', maliciousReason(facts), MALICIOUS_NEXT, suggestion);
      }
      if (facts.advisories === null) {
        missing.set('advisories', 'known-malicious');
      }
    }
    const ruled = this.rule(read(question), rules, missing, suggestion);
    const verdict: PackageVerdict = {
      effect: ruled.effect,
      rule: { id: ruled.id, position: ruled.by?.position ?? null },
      reason: ruled.reason,
      next: ruled.next,
      missing: listed(missing),
      approval: null,
      suggestion,
      untilMs: nextChangeMs(question, rules)
    };
    if (ruled.effect === 'require-approval') {
      const approval = approvalFor(question);
      return approval === null
        ? verdict
        : {
            ...verdict,
            effect: 'allow',
            reason: approvedReason(approval, ruled.id),
            next: null,
            approval: approval.id,
            untilMs: earlier(verdict.untilMs, approval.untilMs)
          };
    }
    if (
      ruled.effect === 'allow' &&
      suggestion !== null &&
      ruled.by?.isAboutExactly(facts.ecosystem, name) !== true
    ) {
      return {
        ...verdict,
        effect: 'warn',
        rule: { id: 'similar-name', position: null },
        reason: similarReason(facts, suggestion),
        next: nextStep('warn', 'similar-name', suggestion)
      };
    }
    return verdict;
  }

  private rule(
    question: IReadQuestion,
    rules: readonly CompiledRule[],
    missing: Map<PackageFact, string>,
    suggestion: string | null
  ): IRuled {
    let held: IRuled | null = null;
    for (const by of rules) {
      const unknowns = by.unknowns(question);
      if (unknowns === null) {
        continue;
      }
      const { id, effect, reason, next } = by.rule;
      if (unknowns.length === 0) {
        return stricter(held, { effect, id, by, reason, next: next ?? nextStep(effect, id, suggestion) });
      }
      for (const fact of unknowns) {
        missing.set(fact, missing.get(fact) ?? id);
      }
      const { floor } = by;
      if (floor !== null && (held === null || isStricter(floor, held.effect))) {
        held = {
          effect: floor,
          id,
          by,
          reason: uncertainReason(by.rule, unknowns),
          next: next ?? nextStep(floor, id, suggestion)
        };
      }
    }
    const effect = this.policy.default;
    return stricter(held, {
      effect,
      id: 'default',
      by: null,
      reason: defaultReason(effect, whatOf(question.facts)),
      next: nextStep(effect, 'default', suggestion)
    });
  }

  private lookalikesOf(ecosystem: PackageEcosystem, more: readonly string[] = []): Lookalikes {
    const allowed = this.policy.rule
      .filter(({ effect, ecosystem: one = ecosystem }) => effect === 'allow' && one === ecosystem)
      .flatMap(({ names = [] }) => names)
      .map(name => packageName(ecosystem, name))
      .filter(name => name !== null);
    return new Lookalikes([...allowed, ...more]);
  }

  private readonly rules: readonly CompiledRule[];
  private readonly lookalikes: Readonly<Record<PackageEcosystem, Lookalikes>>;
}

function read(question: IPackageQuestion): IReadQuestion {
  const { version, licence } = question.facts;
  return {
    ...question,
    version: version === null ? null : parseVersion(version),
    licence: licence === null ? null : parseLicence(licence)
  };
}

/** What is sure, unless what may be is stricter. */
function stricter(held: IRuled | null, sure: IRuled): IRuled {
  return held !== null && isStricter(held.effect, sure.effect) ? held : sure;
}

function listed(missing: ReadonlyMap<PackageFact, string>): Missing {
  return PACKAGE_FACTS.flatMap(fact => {
    const rule = missing.get(fact);
    return rule === undefined ? [] : [{ fact, rule }];
  });
}

function denied(
  id: (typeof OWN_RULES)[number],
  reason: string,
  next: string,
  suggestion: string | null
): PackageVerdict {
  return {
    effect: 'deny',
    rule: { id, position: null },
    reason,
    next,
    missing: [],
    approval: null,
    suggestion,
    untilMs: null
  };
}

/** The next moment at which an age makes another rule fit; null = never. */
function nextChangeMs(
  { facts: { publishedAtMs }, nowMs }: IPackageQuestion,
  rules: readonly CompiledRule[]
): number | null {
  if (publishedAtMs === null) {
    return null;
  }
  const next = Math.min(
    ...rules.flatMap(rule => rule.changesAtMs(publishedAtMs)).filter(atMs => atMs > nowMs)
  );
  return next === Infinity ? null : next;
}

/** The earlier of two moments; null = never. */
function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
