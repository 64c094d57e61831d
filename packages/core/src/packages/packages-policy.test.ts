import { packagesDoubts } from './packages-doubts.js';
import { packagesMistakes } from './packages-mistakes.js';
import { policyOf, rule } from './packages.test.data.js';

const mistakes = (...rules: Parameters<typeof policyOf>) =>
  packagesMistakes(policyOf(...rules)).map(({ path, got }) => `${path.join('.')}: ${JSON.stringify(got)}`);
const doubts = (...rules: Parameters<typeof policyOf>) =>
  packagesDoubts({ ...policyOf(...rules), default: 'deny' }).map(
    ({ rule: at, sentence }) => [at, sentence] as const
  );

it('finds what could never mean what it says', () => {
  expect(
    mistakes(
      rule('deny', {
        id: 'one',
        names: ['Foo_*', 'r-base'],
        version: '~=1.2',
        licences: ['BSD-*'],
        unknown: 'apply'
      }),
      rule('deny', { id: 'one' }),
      rule('deny', { id: 'default' }),
      rule('deny', { names: ['ok', 'nump\u0443'] }),
      rule('deny', { ecosystem: 'pypi', names: ['_libgcc_mutex'] }),
      rule('deny', { version: '>1.x' }),
      rule('deny', { licences: ['MIT', 'BSD'] }),
      rule('deny', { min_age_days: 7, younger_than_days: 7 }),
      rule('allow', { licences: ['MIT'], unknown: 'pass' })
    )
  ).toEqual([
    'rule.1.id: "one"',
    'rule.2.id: "default"',
    'rule.3.names: "nump\u0443"',
    'rule.4.names: "_libgcc_mutex"',
    'rule.5.version: ">1.x"',
    'rule.6.licences: "BSD"',
    'rule.7.younger_than_days: 7',
    'rule.8.unknown: "pass"'
  ]);
});

const NEEDED = { names: ['pip', 'setuptools', 'wheel', 'hatchling', 'flit-core', 'ipykernel', 'python'] };

it('doubts a policy that blocks pip itself', () => {
  const [first] = doubts(rule('allow', { names: ['numpy'] }));
  expect(first?.[0]).toBeNull();
  expect(first?.[1]).toMatch(
    /^this policy blocks pip itself \(pypi, by the default\): no version of pip, setuptools/
  );
  expect(doubts(rule('allow', NEEDED))).toEqual([]);
  expect(doubts(rule('deny', { id: 'no-p', names: ['p*'] }), rule('allow', NEEDED))[0]).toEqual([
    0,
    expect.stringMatching(
      /^this policy blocks pip itself \(pypi, by the rule "no-p"\).* allows names = \["pip"\]$/
    )
  ]);
});

it('does not doubt one that leaves a way to pip', () => {
  expect(doubts(rule('deny', { names: ['pip'], version: '<25' }), rule('allow', NEEDED))).toEqual([]);
  expect(doubts(rule('allow', { ...NEEDED, version: '==25.3.1' }))).toEqual([]);
  expect(doubts(rule('allow', { indexes: ['https://ours/*'] }))).toEqual([]);
  expect(doubts(rule('deny', { younger_than_days: 7 }), rule('allow'))).toEqual([]);
  expect(doubts(rule('allow', { licences: ['MIT', 'BSD-*', 'Python-2.0'] }))).toEqual([]);
});

it('doubts one that blocks pip for a group alone', () => {
  const [first] = doubts(rule('deny', { id: 'guests', groups: ['guests'] }), rule('allow'));
  expect(first?.[1]).toContain('blocks pip itself (pypi, by the rule "guests")');
});

it('doubts rules that are never reached', () => {
  expect(doubts(rule('allow', { id: 'all' }), rule('deny', { id: 'late', names: ['x'] }))).toEqual([
    [
      1,
      'the rule "late" and what stands behind it never decide, because the rule "all" before it fits everything'
    ]
  ]);
  expect(doubts(rule('allow'))).toEqual([]);
});
