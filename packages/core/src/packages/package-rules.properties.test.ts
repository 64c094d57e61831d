import {
  PACKAGE_EFFECTS,
  SEVERITIES,
  type PackageApproval,
  type PackageEffect,
  type PackageRule,
  type PackagesPolicy,
  PackageVerdict
} from '@labkeeper/protocol';
import fc from 'fast-check';
import * as v from 'valibot';
import { heed, isStricter } from './heed.js';
import type { IPackageQuestion } from './package-question.js';
import { PackageRules } from './package-rules.js';
import { DAY_MS, NOW_MS } from './packages.test.data.js';

const some = <T>(...values: T[]) => fc.subarray(values, { minLength: 1 });
const effects = fc.constantFrom(...PACKAGE_EFFECTS);
const criteria = {
  ecosystem: fc.constantFrom('pypi' as const, 'conda' as const),
  names: some('a', 'b', 'a*', '*'),
  version: fc.constantFrom('<2', '>=1.5', '==1.0', '!=3'),
  licences: some('MIT', 'GPL-*', 'ISC'),
  min_age_days: fc.constantFrom(3, 30),
  younger_than_days: fc.constantFrom(7, 60),
  min_severity: fc.constantFrom(...SEVERITIES),
  advisories: some('x-1', 'x-*'),
  malicious: fc.boolean(),
  indexes: some('public', 'p*'),
  groups: some('staff', 'guests'),
  images: some('base', 'other')
};
const anyRule: fc.Arbitrary<PackageRule> = fc.record(
  { id: fc.constant('r'), effect: effects, reason: fc.constant('Why.'), ...criteria },
  { requiredKeys: ['id', 'effect', 'reason'] }
);
const rulesOf = (more: Partial<PackagesPolicy> = {}) =>
  fc
    .record({ rule: fc.array(anyRule, { maxLength: 5 }), default: effects })
    .map(({ rule, ...rest }): PackagesPolicy => {
      const numbered = rule.map((one, i) => ({ ...one, id: `r${i + 1}` }));
      return { mode: 'enforce', malicious: 'deny', ...rest, rule: numbered, ...more };
    });
const advisory = fc.record({
  id: fc.constantFrom('x-1', 'y-1', 'MAL-1'),
  aliases: fc.constant([]),
  severity: fc.constantFrom(null, ...SEVERITIES)
});
const facts = fc.record({
  ecosystem: fc.constantFrom('pypi' as const, 'conda' as const),
  name: fc.constantFrom('a', 'b', 'ab', 'c', '!'),
  version: fc.constantFrom(null, '1.0', '1.5', '2.0', '3'),
  licence: fc.constantFrom(null, 'MIT', 'GPL-3.0-only', 'MIT OR GPL-3.0-only', 'ISC AND MIT'),
  publishedAtMs: fc.constantFrom(null, ...[1, 5, 20, 90].map(days => NOW_MS - days * DAY_MS)),
  advisories: fc.option(fc.array(advisory, { maxLength: 2 })),
  index: fc.constantFrom(null, 'public', 'private')
});
const asker = fc.record({
  hub: fc.constant('west'),
  user: fc.constant('alice'),
  groups: fc.constantFrom(null, [], ['staff'], ['guests']),
  image: fc.constantFrom(null, 'base', 'x')
});
const approval: fc.Arbitrary<PackageApproval> = fc.record({
  id: fc.constant('a1'),
  ecosystem: fc.constantFrom('pypi' as const, 'conda' as const),
  name: fc.constantFrom('a', 'b'),
  version: fc.constantFrom(null, '<2'),
  for: fc.constantFrom(
    { kind: 'user' as const, hub: 'west', user: 'alice' },
    { kind: 'group' as const, hub: 'west', group: 'staff' },
    { kind: 'everyone' as const, hub: 'west' }
  ),
  untilMs: fc.constantFrom(null, NOW_MS, NOW_MS + 1)
});
const questionWith = (approvals: fc.Arbitrary<PackageApproval[]>): fc.Arbitrary<IPackageQuestion> =>
  fc.record({ facts, asker, approvals, nowMs: fc.constant(NOW_MS) });
const question = questionWith(fc.constant([]));
const decide = (policy: PackagesPolicy, asked: IPackageQuestion) => new PackageRules(policy).decide(asked);

/** The laxer of two. */
const laxer = (one: PackageEffect, other: PackageEffect) => (isStricter(one, other) ? other : one);

it('is the same each time, one that can be sent, and by a rule that is there', () => {
  fc.assert(
    fc.property(rulesOf(), questionWith(fc.array(approval, { maxLength: 2 })), (policy, asked) => {
      const verdict = decide(policy, asked);
      expect(decide(policy, asked)).toEqual(verdict);
      expect(v.parse(PackageVerdict, JSON.parse(JSON.stringify(verdict)))).toEqual(verdict);
      const { id, position } = verdict.rule;
      expect(position === null || policy.rule[position - 1]?.id === id).toBe(true);
      expect(verdict.next === null).toBe(verdict.effect === 'allow');
    }),
    { numRuns: 1000 }
  );
});

it('does not change by rules behind one that fits everything', () => {
  fc.assert(
    fc.property(
      rulesOf(),
      effects,
      fc.array(anyRule, { maxLength: 3 }),
      question,
      (policy, effect, more, asked) => {
        const last: PackageRule = { id: 'last', effect, reason: 'Why.' };
        const short = { ...policy, rule: [...policy.rule, last] };
        // It may be decided anew sooner than it must.
        const { untilMs: _, ...verdict } = decide(short, asked);
        expect(decide({ ...short, rule: [...short.rule, ...more] }, asked)).toMatchObject(verdict);
      }
    )
  );
});

it('does not change by rules about other packages', () => {
  fc.assert(
    fc.property(rulesOf(), anyRule, fc.nat(5), question, (policy, other, at, asked) => {
      const rule = [...policy.rule];
      rule.splice(at, 0, { ...other, id: 'other', names: ['zzz', 'z-*'] });
      const { effect, rule: by } = decide({ ...policy, rule }, asked);
      const before = decide(policy, asked);
      expect([effect, by.id]).toEqual([before.effect, before.rule.id]);
    })
  );
});

it('never lets more pass without a look when less is known', () => {
  const forget = fc.subarray(['version', 'licence', 'publishedAtMs', 'index'] as const);
  fc.assert(
    fc.property(
      // What is malicious is denied before rules only where advisories are known; that it is not is said, not held against all.
      rulesOf({ malicious: 'by-rules' }),
      question,
      forget,
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (policy, asked, names, advisories, groups, image) => {
        const less: IPackageQuestion = {
          ...asked,
          facts: {
            ...asked.facts,
            ...Object.fromEntries(names.map(name => [name, null])),
            ...(advisories && { advisories: null })
          },
          asker: { ...asked.asker, ...(groups && { groups: null }), ...(image && { image: null }) }
        };
        const known = decide(policy, asked).effect;
        expect(isStricter(laxer(known, 'require-approval'), decide(policy, less).effect)).toBe(false);
      }
    ),
    { numRuns: 3000 }
  );
});

it('changes by approvals only from wanting one to allowed', () => {
  fc.assert(
    fc.property(rulesOf(), questionWith(fc.array(approval, { maxLength: 3 })), (policy, asked) => {
      const without = decide(policy, { ...asked, approvals: [] });
      const verdict = decide(policy, asked);
      if (verdict.approval === null) {
        expect(verdict).toEqual(without);
      } else {
        expect([without.effect, verdict.effect, verdict.rule]).toEqual([
          'require-approval',
          'allow',
          without.rule
        ]);
      }
    }),
    { numRuns: 1000 }
  );
});

it('holds until the moment that it names', () => {
  fc.assert(
    fc.property(
      rulesOf(),
      questionWith(fc.array(approval, { maxLength: 2 })),
      fc.integer({ min: 0, max: 100 * DAY_MS }),
      (policy, asked, waitedMs) => {
        const { untilMs, ...verdict } = decide(policy, asked);
        const nowMs = Math.min(asked.nowMs + waitedMs, untilMs === null ? Infinity : untilMs - 1);
        expect(decide(policy, { ...asked, nowMs })).toEqual({ ...verdict, untilMs });
        expect(untilMs === null || untilMs > asked.nowMs).toBe(true);
      }
    ),
    { numRuns: 2000 }
  );
});

it('becomes no stricter as a release gets older, where rules only hold back young ones', () => {
  const young: fc.Arbitrary<PackageRule> = fc.record(
    {
      ...{ id: fc.constant('r'), reason: fc.constant('Why.') },
      effect: effects,
      names: criteria.names,
      younger_than_days: criteria.younger_than_days
    },
    { requiredKeys: ['id', 'reason', 'effect', 'younger_than_days'] }
  );
  const held = fc.array(young, { maxLength: 4 }).map(rule => rule.filter(({ effect }) => effect !== 'allow'));
  fc.assert(
    fc.property(held, facts, fc.nat(100), fc.nat(100), (rule, known, a, b) => {
      // Of rules about the same package the stricter must stand first, or growing out of a milder one lets it decide.
      rule.sort((one, other) => PACKAGE_EFFECTS.indexOf(other.effect) - PACKAGE_EFFECTS.indexOf(one.effect));
      const at = (days: number) =>
        decide(
          { mode: 'enforce', default: 'allow', malicious: 'deny', rule },
          {
            facts: { ...known, publishedAtMs: NOW_MS - days * DAY_MS },
            ...{
              asker: { hub: 'west', user: 'alice', groups: [], image: null },
              approvals: [],
              nowMs: NOW_MS
            }
          }
        ).effect;
      expect(isStricter(at(Math.max(a, b)), at(Math.min(a, b)))).toBe(false);
    })
  );
});

it('is the same in every mode, and refused in one alone', () => {
  fc.assert(
    fc.property(rulesOf(), question, (policy, asked) => {
      const verdicts = (['observe', 'explain', 'enforce'] as const).map(mode =>
        decide({ ...policy, mode }, asked)
      );
      expect(verdicts[1]).toEqual(verdicts[0]);
      expect(verdicts[2]).toEqual(verdicts[0]);
    })
  );
  const table = PACKAGE_EFFECTS.map(effect =>
    (['observe', 'explain', 'enforce'] as const).map(mode => {
      const { isRefused, isTold } = heed(effect, mode);
      return `${isRefused ? 'refused' : 'passes'}${isTold ? ', told' : ''}`;
    })
  );
  expect(table).toEqual([
    ['passes', 'passes', 'passes'],
    ['passes', 'passes, told', 'passes, told'],
    ['passes', 'passes, told', 'refused, told'],
    ['passes', 'passes, told', 'refused, told']
  ]);
});
