import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPolicyCommand } from '../src/policy/check-policy.js';
import { testPolicyCommand } from '../src/policy/cases/test-policy.js';
import { scratchFolder } from './support/scratch-databases.js';

const folder = scratchFolder();
const policy = join(folder.path, 'labkeeper.toml');
const cases = join(folder.path, 'cases.toml');
afterAll(() => folder.remove());

const POLICY = `[packages]
mode = "enforce"

[[packages.rule]]
id = "cooldown"
effect = "deny"
younger_than_days = 7
reason = "New releases wait for a week."
next = "Take the one before it."
`;

async function run(...words: string[]): Promise<{ status: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const status = await testPolicyCommand({
    words: ['test', ...words],
    say: line => out.push(line),
    complain: line => err.push(line)
  });
  return { status, out, err };
}

beforeEach(() => writeFileSync(policy, POLICY));

it('says of one package what policy says, by which rule, why and what to do', async () => {
  const young = ['--name', 'Foo.Bar', '--version', '2.0', '--age-days', '3'];
  expect(await run(policy, ...young)).toEqual({
    status: 0,
    out: [
      'Foo.Bar 2.0 (pypi): deny',
      '  rule       "cooldown", number 1 of the file',
      '  reason     New releases wait for a week.',
      '  next       Take the one before it.',
      '  not known  advisories (wanted by "known-malicious")',
      '  mode       enforce: what is denied, or needs an approval, is refused'
    ],
    err: []
  });
  expect((await run(policy, ...young, '--expect', 'deny', '--rule', 'cooldown')).status).toBe(0);
  const wrong = await run(policy, ...young, '--expect', 'allow', '--rule', 'default');
  expect([wrong.status, wrong.out.at(-2)]).toEqual([
    1,
    '  WRONG      expected allow, got deny, and expected the rule "default", got "cooldown"'
  ]);
});

it('takes every fact from the command line', async () => {
  writeFileSync(
    policy,
    '[[packages.rule]]\nid = "all"\neffect = "deny"\necosystem = "conda"\nnames = ["r-*"]\nversion = "<2"\nlicences = ["GPL-*"]\n' +
      'min_age_days = 2\nmin_severity = "high"\nadvisories = ["CVE-*"]\nindexes = ["forge"]\nhubs = ["west"]\n' +
      'groups = ["b"]\nimages = ["img:*"]\nreason = "x"\n'
  );
  const words =
    '--name r-base --version 1.0 --ecosystem conda --licence GPL-3.0-only --age-days 2.5 --advisory GHSA-1 ' +
    '--advisory CVE-1=critical --index forge --hub west --user alice --group a --group b --image img:1 --expect deny --rule all';
  const { status, out } = await run(policy, ...words.split(' '));
  expect([status, out[0]]).toEqual([0, 'r-base 1.0 (conda): deny']);
  expect((await run(policy, '--name', 'x', '--no-advisories')).out.join()).not.toContain('not known');
});

it('holds a file of cases against the policy', async () => {
  writeFileSync(
    cases,
    '[[case]]\nname = "numpy"\nage_days = 30\nexpect = "allow"\n\n' +
      '[[case]]\nname = "numpy"\nversion = "9"\nage_days = 1\nexpect = "deny"\nrule = "cooldown"\n\n' +
      '[[case]]\nname = "numpy"\nexpect = "allow"\n'
  );
  const { status, out } = await run(policy, '--cases', cases);
  expect(status).toBe(1);
  expect(out).toEqual([
    'ok     numpy (pypi): allow. Rule "default": No rule is against numpy.',
    'ok     numpy 9 (pypi): deny. Rule "cooldown": New releases wait for a week.',
    'WRONG  numpy (pypi): expected allow, got require-approval. Rule "cooldown": Not known: when it was published. ' +
      'Rule "cooldown" would deny it, depending on that: New releases wait for a week.',
    '2 as expected, 1 not.'
  ]);
  const json = JSON.parse((await run(policy, '--cases', cases, '--json')).out.join(''));
  expect(json.cases.map((one: { asExpected: boolean }) => one.asExpected)).toEqual([true, true, false]);
  expect(json).toMatchObject({
    mode: 'enforce',
    cases: [{}, { verdict: { rule: { id: 'cooldown', position: 1 } } }, {}]
  });
});

it.each<[string, string]>([
  ['[[case]]\nname = "x"\n', 'cases.toml, line 1: case.expect: expected a value, got none.'],
  [
    '[[case]]\nname = "x"\nexpect = "allow"\nlicense = "MIT"\n',
    'cases.toml, line 4: case.license: expected nothing of this name.'
  ],
  ['[[case]]\nname = "x"\nexpect = "no"\n', 'cases.toml, line 3: case.expect: expected ("allow"'],
  ['', 'cases.toml, line 1: case: expected a value, got none.'],
  ['case = []\n', 'cases.toml, line 1: case: expected 1 to 5000 entries that begin with [[case]]']
])('says where a file of cases is wrong', async (text, said) => {
  writeFileSync(cases, text);
  const { status, out, err } = await run(policy, '--cases', cases);
  expect([status, out, err.length]).toEqual([2, [], 1]);
  expect(err[0]).toContain(said);
});

it.each<[string[], string]>([
  [[], 'Name one policy file.'],
  [[policy], 'Name either a file of cases with --cases, or one package with --name.'],
  [[policy, '--name', 'x', '--cases', 'y'], 'Name either a file of cases'],
  [[policy, '--cases', 'y', '--age-days', '3'], 'What is known of a package stands in the file of cases'],
  [[policy, '--cases', 'y', '--index', 'i'], 'What is known of a package stands in the file of cases'],
  [[policy, '--name', 'x', '--age-days', 'old'], '--age-days: expected number, got "old".'],
  [[policy, '--name', 'x', '--ecosystem', 'npm'], '--ecosystem: expected ("pypi" | "conda"), got "npm".'],
  [[policy, '--name', 'x', '--advisory', 'CVE-1=bad'], '--advisory: expected'],
  [[policy, '--nam', 'x'], "Unknown option '--nam'"]
])('says how it is used: %j', async (words, said) => {
  const { status, err } = await run(...words);
  expect([status, err.length]).toEqual([2, 1]);
  expect(err[0]).toContain(said);
  expect(err[0]).toContain('\nusage: labkeeper policy test POLICY');
});

it('says which file cannot be used', async () => {
  expect((await run(join(folder.path, 'none'), '--name', 'x')).err[0]).toContain(
    'none: expected a file, got none.'
  );
  writeFileSync(policy, '[packages]\nmode = 1\n');
  expect((await run(policy, '--name', 'x')).err[0]).toContain(
    'labkeeper.toml, line 2: packages.mode: expected'
  );
});

it('warns of what its author hardly means, here and where a file is checked', async () => {
  writeFileSync(policy, '[packages]\ndefault = "deny"\n');
  const { status, err } = await run(policy, '--name', 'x');
  expect([status, err.length]).toEqual([0, 1]);
  expect(err[0]).toContain('labkeeper.toml, line 2: this policy blocks pip itself');
  const said: string[] = [];
  expect(await checkPolicyCommand(policy, line => said.push(line))).toBe(0);
  expect(said).toEqual([
    expect.stringMatching(/: 0 switches, packages: observe, 0 rules, policy [0-9a-f]{16}\.$/),
    err[0]
  ]);
});

it('finds the cases that come with Labkeeper as they should be', async () => {
  const root = join(__dirname, '../../..');
  const example = join(folder.path, 'example.toml');
  // The rules of the example are comments, as shipped; here they hold.
  const text = readFileSync(join(root, 'jupyter-config/labkeeper.toml'), 'utf8');
  const [, rules = ''] = text.split('# --- Rules about packages, as an example ---\n');
  writeFileSync(example, rules.replace(/^# ?/gm, ''));
  const { status, out, err } = await run(example, '--cases', join(root, 'jupyter-config/package-cases.toml'));
  expect({ status, err, wrong: out.filter(line => line.startsWith('WRONG')) }).toEqual({
    status: 0,
    err: [],
    wrong: []
  });
});
