import type { PackageApproval, PackageRule } from '@labkeeper/protocol';
import type { IPackageFacts, IPackageQuestion } from './package-question.js';
import { PackageRules } from './package-rules.js';
import { ALICE, ask, DAY_MS, MALICE, NOW_MS, policyOf, rule } from './packages.test.data.js';

const effectOf = (rules: PackageRule[], facts?: Partial<IPackageFacts>, more?: Partial<IPackageQuestion>) =>
  new PackageRules(policyOf(...rules)).decide(ask(facts, more)).effect;

it('allows everything without a policy, and says what it did not know', () => {
  expect(new PackageRules().decide(ask({ advisories: null }))).toEqual({
    effect: 'allow',
    rule: { id: 'default', position: null },
    reason: 'No rule is against Left_Pad 1.5.',
    next: null,
    missing: [{ fact: 'advisories', rule: 'known-malicious' }],
    approval: null,
    suggestion: null,
    untilMs: null
  });
});

it('lets the first rule that fits decide, and says which, why and what to do', () => {
  const rules = [
    rule('deny', { names: ['other'] }),
    rule('deny', { id: 'no-pads', names: ['left-*'], reason: 'Padding is built in.' }),
    rule('allow')
  ];
  expect(new PackageRules(policyOf(...rules)).decide(ask())).toEqual({
    effect: 'deny',
    rule: { id: 'no-pads', position: 2 },
    reason: 'Padding is built in.',
    next: 'Choose another version or package, or ask your admins about the rule "no-pads".',
    ...{ missing: [], approval: null, suggestion: null, untilMs: null }
  });
  expect(effectOf([...rules].reverse())).toBe('allow');
  const own = rule('deny', { next: 'Use str.ljust.' });
  expect(new PackageRules(policyOf(own)).decide(ask()).next).toBe('Use str.ljust.');
});

it.each<[string, Partial<PackageRule>, Partial<IPackageFacts>, boolean]>([
  ['another ecosystem', { ecosystem: 'conda' }, {}, false],
  ['its ecosystem', { ecosystem: 'pypi' }, {}, true],
  ['its name in another spelling', { names: ['LEFT.pad'] }, {}, true],
  ['one of several names', { names: ['a', 'left-pad'] }, {}, true],
  ['a pattern', { names: ['left?pad'] }, {}, true],
  ['a part of its name', { names: ['left'] }, {}, false],
  [
    'a name of conda, where dashes count',
    { names: ['left-pad'] },
    { ecosystem: 'conda', name: 'left_pad' },
    false
  ],
  ['its version', { version: '>=1.2,<2' }, {}, true],
  ['another version', { version: '<1.5' }, {}, false],
  ['its licence', { licences: ['MIT'] }, {}, true],
  ['a licence that can be got round', { licences: ['GPL-*'] }, { licence: 'GPL-3.0-only OR MIT' }, false],
  ['an age that it has', { min_age_days: 100 }, {}, true],
  ['an age that it does not have', { min_age_days: 101 }, {}, false],
  ['being younger than it is', { younger_than_days: 100 }, {}, false],
  ['being so young', { younger_than_days: 101 }, {}, true],
  ['being so young, with a date to come', { younger_than_days: 1 }, { publishedAtMs: NOW_MS + DAY_MS }, true],
  ['advisories, and it has none', { min_severity: 'low' }, {}, false],
  [
    'a milder advisory',
    { min_severity: 'high' },
    { advisories: [{ ...MALICE, id: 'x', severity: 'medium' }] },
    false
  ],
  [
    'a worse advisory',
    { min_severity: 'high' },
    { advisories: [{ ...MALICE, id: 'x', severity: 'critical' }] },
    true
  ],
  [
    'an advisory by its alias',
    { advisories: ['cve-2026-*'] },
    { advisories: [{ id: 'GHSA-x', aliases: ['CVE-2026-7'], severity: null }] },
    true
  ],
  ['its index', { indexes: ['pub*'] }, {}, true],
  ['another index', { indexes: ['private'] }, {}, false],
  ['her group', { groups: ['x', 'staff'] }, {}, true],
  ['another group', { groups: ['x'] }, {}, false],
  ['her image', { images: ['*/base:*'] }, {}, true],
  ['another image', { images: ['*/base'] }, {}, false],
  ['her hub', { hubs: ['west'] }, {}, true],
  ['another hub', { hubs: ['east'] }, {}, false],
  ['all of several', { names: ['left-pad'], version: '==1.5', groups: ['staff'] }, {}, true],
  ['several, of which one is not so', { names: ['left-pad'], version: '==1.5', groups: ['x'] }, {}, false]
])('a rule that names %s', (_, more, facts, fits) => {
  expect(effectOf([rule('deny', more)], facts)).toBe(fits ? 'deny' : 'allow');
});

it('lets a rule see what is malicious where the policy leaves it to rules', () => {
  const rules = (more: Partial<PackageRule>) =>
    new PackageRules({ ...policyOf(rule('warn', more)), malicious: 'by-rules' });
  expect(rules({ malicious: true }).decide(ask({ advisories: [MALICE] })).effect).toBe('warn');
  expect(rules({ malicious: true }).decide(ask()).effect).toBe('allow');
  expect(rules({ malicious: false }).decide(ask()).effect).toBe('warn');
});

it('denies what is known to be malicious before any rule and any approval', () => {
  const approvals = [approval({})];
  const verdict = new PackageRules(policyOf(rule('allow', { names: ['left-pad'] }))).decide(
    ask({ advisories: [MALICE] }, { approvals })
  );
  expect(verdict).toMatchObject({ effect: 'deny', rule: { id: 'known-malicious', position: null } });
  expect(verdict.reason).toBe('Left_Pad 1.5 is known to be malicious (MAL-2026-1).');
});

it('denies what cannot be a name, and says which known name it looks like', () => {
  const rules = new PackageRules(policyOf(rule('allow')), { pypi: ['numpy'] });
  expect(rules.decide(ask({ name: 'nump\u0443' }))).toMatchObject({
    effect: 'deny',
    rule: { id: 'not-a-name' },
    reason: 'No package of PyPI can have the name "nump{U+0443}".',
    suggestion: 'numpy'
  });
});

it('warns of a name that is like a known one, unless a rule names it in full', () => {
  const known = { pypi: ['requests'] };
  const decide = (...rules: PackageRule[]) =>
    new PackageRules(policyOf(...rules), known).decide(ask({ name: 'reqeusts' }));
  expect(decide()).toMatchObject({ effect: 'warn', rule: { id: 'similar-name' }, suggestion: 'requests' });
  expect(decide(rule('allow', { names: ['req*'] })).effect).toBe('warn');
  expect(decide(rule('allow', { names: ['reqeusts'] })).effect).toBe('allow');
  expect(decide(rule('deny')).next).toMatch(/^If you meant requests, install that\. /);
  const allowed = new PackageRules({ ...policyOf(rule('allow', { names: ['requests'] })), default: 'deny' });
  expect(allowed.decide(ask({ name: 'reqeusts' }))).toMatchObject({ effect: 'deny', suggestion: 'requests' });
});

describe('what is not known', () => {
  const licence = null;

  it('is never enough for a rule that allows', () => {
    const rules = new PackageRules({
      ...policyOf(rule('allow', { id: 'free', licences: ['MIT'] })),
      default: 'deny'
    });
    expect(rules.decide(ask({ licence }))).toMatchObject({
      ...{ effect: 'deny', rule: { id: 'default' } },
      missing: [{ fact: 'licence', rule: 'free' }]
    });
  });

  it('lets a rule that denies ask for an approval, and says so', () => {
    const rules = new PackageRules(
      policyOf(rule('deny', { id: 'no-agpl', licences: ['AGPL-*'], reason: 'Lawyers.' }))
    );
    expect(rules.decide(ask({ licence: 'see LICENSE' }))).toMatchObject({
      ...{ effect: 'require-approval', rule: { id: 'no-agpl', position: 1 } },
      reason: 'Not known: its licence. Rule "no-agpl" would deny it, depending on that: Lawyers.',
      missing: [{ fact: 'licence', rule: 'no-agpl' }]
    });
  });

  it('hides no rule behind it that denies', () => {
    const agpl = rule('deny', { licences: ['AGPL-*'] });
    expect(effectOf([agpl, rule('deny', { names: ['left-pad'] }), rule('allow')], { licence })).toBe('deny');
    expect(effectOf([agpl, rule('allow')], { licence })).toBe('require-approval');
  });

  it.each<[PackageRule['effect'], PackageRule['unknown'], string]>([
    ['deny', undefined, 'require-approval'],
    ['deny', 'ask', 'require-approval'],
    ['deny', 'apply', 'deny'],
    ['deny', 'pass', 'allow'],
    ['require-approval', undefined, 'require-approval'],
    ['require-approval', 'pass', 'allow'],
    ['warn', undefined, 'warn'],
    ['warn', 'ask', 'require-approval'],
    ['warn', 'pass', 'allow'],
    ['allow', undefined, 'allow']
  ])('with %s and unknown = %s is: %s', (effect, unknown, said) => {
    expect(effectOf([rule(effect, { licences: ['AGPL-*'], unknown })], { licence })).toBe(said);
  });

  it.each<[Partial<PackageRule>, Partial<IPackageFacts>, Partial<IPackageQuestion>, string]>([
    [{ version: '<2' }, { version: null }, {}, 'version'],
    [{ version: '<2' }, { ecosystem: 'conda', version: '1.1.1k' }, {}, 'version'],
    [{ younger_than_days: 3 }, { publishedAtMs: null }, {}, 'age'],
    [{ min_severity: 'high' }, { advisories: null }, {}, 'advisories'],
    [{ min_severity: 'high' }, { advisories: [{ id: 'x', aliases: [], severity: null }] }, {}, 'severity'],
    [{ advisories: ['x'] }, { advisories: null }, {}, 'advisories'],
    [{ malicious: true }, { advisories: null }, {}, 'advisories'],
    [{ indexes: ['x'] }, { index: null }, {}, 'index'],
    [{ groups: ['x'] }, {}, { asker: { ...ALICE, groups: null } }, 'groups'],
    [{ images: ['x'] }, {}, { asker: { ...ALICE, image: null } }, 'image']
  ])('is named: %j', (more, facts, question, fact) => {
    const rules = new PackageRules({
      ...policyOf(rule('deny', { id: 'a', ...more })),
      malicious: 'by-rules'
    });
    const verdict = rules.decide(ask(facts, question));
    expect([verdict.effect, verdict.missing]).toEqual(['require-approval', [{ fact, rule: 'a' }]]);
  });

  it('does not matter where something that is known does not fit', () => {
    expect(effectOf([rule('deny', { licences: ['AGPL-*'], groups: ['x'] })], { licence })).toBe('allow');
  });
});

function approval(more: Partial<PackageApproval>): PackageApproval {
  return {
    id: 'a1',
    ecosystem: 'pypi',
    name: 'left.pad',
    version: null,
    untilMs: null,
    for: { kind: 'user', hub: 'west', user: 'alice' },
    ...more
  };
}

it.each<[string, Partial<PackageApproval>, boolean]>([
  ['for her', {}, true],
  ['for somebody else', { for: { kind: 'user', hub: 'west', user: 'bob' } }, false],
  ['for her namesake at another hub', { for: { kind: 'user', hub: 'east', user: 'alice' } }, false],
  ['for her group', { for: { kind: 'group', hub: 'west', group: 'staff' } }, true],
  ['for another group', { for: { kind: 'group', hub: 'west', group: 'x' } }, false],
  ['for everybody', { for: { kind: 'everyone', hub: 'west' } }, true],
  ['for everybody at another hub', { for: { kind: 'everyone', hub: 'east' } }, false],
  ['for its version', { version: '>=1,<2' }, true],
  ['for other versions', { version: '>=2' }, false],
  ['for a range that cannot be read', { version: 'about 1' }, false],
  ['of another package', { name: 'right-pad' }, false],
  ['of another ecosystem', { ecosystem: 'conda' }, false],
  ['that still holds', { untilMs: NOW_MS + 1 }, true],
  ['that has just ended', { untilMs: NOW_MS }, false]
])('heeds an approval %s', (_, more, holds) => {
  const question = ask({}, { approvals: [approval(more)] });
  expect(new PackageRules(policyOf(rule('require-approval'))).decide(question)).toMatchObject(
    holds ? { effect: 'allow', approval: 'a1' } : { effect: 'require-approval', approval: null }
  );
  expect(new PackageRules(policyOf(rule('deny'))).decide(question).effect).toBe('deny');
});

it('says until when something is approved, and by which rule it had to be', () => {
  const question = ask({}, { approvals: [approval({ untilMs: Date.UTC(2026, 11, 1, 8, 30) })] });
  const { reason } = new PackageRules(policyOf(rule('require-approval', { id: 'ask-first' }))).decide(
    question
  );
  expect(reason).toBe('Approved until 2026-12-01 08:30 UTC (a1); the rule "ask-first" asks for an approval.');
});

it('says when it is to be decided anew', () => {
  const untilMs = (
    rules: PackageRule[],
    more: Partial<IPackageQuestion> = {},
    facts: Partial<IPackageFacts> = {}
  ) => new PackageRules(policyOf(...rules)).decide(ask(facts, more)).untilMs;
  const young = rule('deny', { younger_than_days: 101 });
  expect(untilMs([young])).toBe(NOW_MS + DAY_MS);
  expect(untilMs([rule('allow', { min_age_days: 103 }), young])).toBe(NOW_MS + DAY_MS);
  expect(untilMs([rule('deny', { younger_than_days: 100 })])).toBeNull();
  expect(untilMs([young], {}, { publishedAtMs: null })).toBeNull();
  expect(untilMs([{ ...young, names: ['other'] }])).toBeNull();
  const approvals = [approval({ untilMs: NOW_MS + 5 })];
  expect(untilMs([rule('require-approval')], { approvals })).toBe(NOW_MS + 5);
  expect(untilMs([rule('allow')], { approvals })).toBeNull();
});

it('counts no group approval where her groups are not known', () => {
  const approvals = [approval({ for: { kind: 'group', hub: 'west', group: 'staff' } })];
  const question = ask({}, { approvals, asker: { ...ALICE, groups: null } });
  expect(new PackageRules(policyOf(rule('require-approval'))).decide(question).effect).toBe(
    'require-approval'
  );
});
