import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parsePolicy, POLICY_BYTES, PolicyError } from '../src/policy/parse-policy.js';
import { policyDoubts } from '../src/policy/policy-doubts.js';

const EXAMPLE = readFileSync(join(__dirname, '../../../jupyter-config/labkeeper.toml'));

const DEMO = readFileSync(join(__dirname, '../../../dev/labkeeper.toml'), 'utf8');

const parse = (text: string | Uint8Array) => parsePolicy(Buffer.from(text), 'labkeeper.toml');

/** What is said of a text that is no policy. */
function complaint(text: string | Uint8Array): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PolicyError) {
      return error.message;
    }
    throw error;
  }
  throw new Error('It was taken.');
}

const SWITCH = `# Why
[[switch]]
part = "meter"
state = "off"
reason = "It is too loud."
`;

it('reads the policy of the demo, also with its examples switched on', () => {
  expect(parse(DEMO)).toMatchObject({ switch: [], events: { send: true, errors: false, days: 30 } });
  const tried = parse(DEMO.replace(/^# (?=\[|[a-z_]+ = )/gm, ''));
  expect(tried.switch.map(({ part, state }) => `${part} ${state}`)).toEqual(['meter off', 'audit off']);
});

it('reads the example that comes with Labkeeper', () => {
  expect(parse(EXAMPLE).switch.map(({ part, state }) => `${part} ${state}`)).toEqual([
    'save-guard on',
    'save-guard on',
    'save-guard off',
    'meter off'
  ]);
});

it('reads a file without any switch', () => {
  expect(parse('')).toEqual({ switch: [] });
  expect(parse('# Nothing yet.\n')).toEqual({ switch: [] });
});

it.each<[string, string]>([
  [
    'part = "metre"',
    'line 8: switch.part: expected ("meter" | "deaths" | "notices" | "save-guard" | "audit"), got "metre"'
  ],
  ['part = "gpu"', 'line 8: switch.part: expected'],
  ['state = "of"', 'line 9: switch.state: expected ("off" | "on"), got "of"'],
  ['state = off', 'line 9, column'],
  ['share = 1.5', 'line 11: switch.share: expected a number from 0 to 1, got 1.5'],
  ['share = "0.5"', 'line 11: switch.share: expected a number from 0 to 1, got "0.5"'],
  ['share = nan', 'line 11: switch.share: expected a number from 0 to 1, got NaN'],
  ['groups = "staff"', 'line 11: switch.groups: expected a list of 1 to 200 names of groups, got "staff"'],
  ['groups = []', 'line 11: switch.groups: expected a list'],
  ['images = [\n  "a",\n  7\n]', 'line 11: switch.images: expected a list of 1 to 200 patterns, got 7'],
  ['group = ["staff"]', 'line 11: switch.group: expected nothing of this name'],
  ['reason = ""', 'line 10: switch.reason: expected a text of 1 to 500 characters, got ""'],
  ['constructor = 1', 'line 11']
])('says where and what was expected: %s', (line, said) => {
  const key = line.split(' ')[0] ?? '';
  const second = SWITCH.split('\n').filter(one => one !== '');
  const at = second.findIndex(one => one.startsWith(`${key} `));
  second.splice(at < 0 ? second.length : at, at < 0 ? 0 : 1, line);
  const message = complaint(`${SWITCH}${second.join('\n')}\n`);
  expect(message).toContain(`labkeeper.toml, ${said}`);
  expect(message).not.toContain('\n');
});

it('reads what is said about events, and nothing else about them', () => {
  expect(parse('[events]\nerrors = true\n').events).toEqual({ send: true, errors: true, days: 30 });
  expect(complaint('[events]\nsend = true\ndays = 0\n')).toBe(
    'labkeeper.toml, line 3: events.days: expected a whole number from 1 to 400, got 0.'
  );
  expect(complaint('[events]\ntext = true\n')).toContain(
    'line 2: events.text: expected nothing of this name'
  );
});

it('reads how long records are kept, and takes no period that is none, or so short that it must be a typo', () => {
  expect(parse('[retention]\ninstalls = "7 years"\nlooks = "18 months"\n').retention).toEqual({
    ...{ installs: '7 years', looks: '18 months' }
  });
  for (const [line, name] of [
    ['installs = "7"', 'installs'],
    ['disk = "7 days"', 'disk'],
    ['streams = "0 years"', 'streams'],
    ['looks = "101 years"', 'looks'],
    ['installs = 2557', 'installs'],
    ['installs = "07 years"', 'installs']
  ] as const) {
    expect(complaint(`[retention]\n${line}\n`)).toContain(
      `labkeeper.toml, line 2: retention.${name}: expected a period from 30 days to 100 years, such as "7 years", "18 months" or "90 days", got `
    );
  }
  expect(complaint('[retention]\nacts = "7 years"\n')).toContain(
    'retention.acts: expected nothing of this name'
  );
});

it('names the entry in which something is missing, and what is not known', () => {
  expect(complaint(`${SWITCH}\n[[switch]]\npart = "meter"\nreason = "x"\n`)).toBe(
    'labkeeper.toml, line 7: switch.state: expected a value, got none.'
  );
  expect(complaint('\n\nswitches = 1\n')).toBe(
    'labkeeper.toml, line 3: switches: expected nothing of this name.'
  );
  expect(complaint('[switch]\npart = "meter"\n')).toContain('line 1: switch: expected');
  expect(complaint(`${SWITCH}share = 2\n${SWITCH}share = 3\n`)).toMatch(
    /line 6: .*There is 1 more mistake\.$/
  );
});

it('reads who may read the log of other hubs, each a name at a hub, and no pattern', () => {
  const entry = (people: string, hubs = '["course-b"]'): string =>
    `[[support]]\npeople = ${people}\nhubs = ${hubs}\nreason = "One desk."\n`;
  expect(parse(entry('["ana@main", "eva@firm.example@main"]')).support).toEqual([
    { people: ['ana@main', 'eva@firm.example@main'], hubs: ['course-b'], reason: 'One desk.' }
  ]);
  for (const people of [
    '["ana"]',
    '["@main"]',
    '["ana@"]',
    '["a/b@main"]',
    '["ana@*"]',
    '[]',
    '"ana@main"',
    '[7]'
  ]) {
    expect([people, complaint(entry(people))]).toEqual([
      people,
      expect.stringContaining('line 2: support.people: expected a list of 1 to 200 names at a hub')
    ]);
  }
  for (const hubs of ['["*"]', '[]', '["a b"]', '"east"']) {
    expect(complaint(entry('["ana@main"]', hubs))).toContain(
      'line 3: support.hubs: expected a list of 1 to 200'
    );
  }
  expect(complaint('[[support]]\npeople = ["ana@main"]\nhubs = ["east"]\n')).toContain(
    'line 1: support.reason'
  );
  expect(complaint(`${entry('["ana@main"]')}scope = "x"\n`)).toContain(
    'line 5: support.scope: expected nothing'
  );
});

const RULE = `# Packages
[packages]
mode = "explain"

[[packages.rule]]
id = "no-agpl"
effect = "deny"
licences = ["AGPL-*"]
reason = "Our lawyers say so."
`;

it('reads rules about packages; without a word they only watch', () => {
  expect(parse('').packages).toBeUndefined();
  expect(parse('[packages]\n').packages).toEqual({
    ...{ mode: 'observe', default: 'allow', malicious: 'deny', rule: [] }
  });
  expect(parse(RULE).packages).toEqual({
    ...{ mode: 'explain', default: 'allow', malicious: 'deny' },
    rule: [{ id: 'no-agpl', effect: 'deny', licences: ['AGPL-*'], reason: 'Our lawyers say so.' }]
  });
});

it.each<[string, string]>([
  [
    'mode = "enforced"',
    'line 3: packages.mode: expected ("observe" | "explain" | "enforce"), got "enforced"'
  ],
  ['default = "ask"', 'line 4: packages.default: expected ("allow"'],
  ['modes = 1', 'line 4: packages.modes: expected nothing of this name'],
  ['id = "No_AGPL"', 'line 6: packages.rule.id: expected a short name: a-z, 0-9 and single dashes'],
  ['id = "no--agpl"', 'line 6: packages.rule.id: expected a short name'],
  ['id = "default"', "line 6: packages.rule.id: expected a name that is not one of Labkeeper's own rules"],
  [
    'effect = "block"',
    'line 7: packages.rule.effect: expected ("allow" | "warn" | "require-approval" | "deny")'
  ],
  ['licences = ["AGPL"]', 'line 8: packages.rule.licences: expected identifiers of SPDX, such as "MIT"'],
  ['licences = "MIT"', 'line 8: packages.rule.licences: expected a list of 1 to 500 texts, got "MIT"'],
  ['reason = ""', 'line 9: packages.rule.reason: expected a text of 1 to 500 characters, got ""'],
  ['names = []', 'line 10: packages.rule.names: expected a list of 1 to 500 texts, got a list'],
  ['names = ["nump\u0443"]', 'line 10: packages.rule.names: expected names that packages can have'],
  [
    'version = "1.0"',
    'line 10: packages.rule.version: expected a specifier of PEP 440, such as ">=1.2,<2", got "1.0"'
  ],
  ['younger_than_days = 0', 'line 10: packages.rule.younger_than_days: expected a whole number of days'],
  ['min_severity = "bad"', 'line 10: packages.rule.min_severity: expected ("low"'],
  ['groups = "staff"', 'line 10: packages.rule.groups: expected a list of 1 to 500 texts'],
  ['license = ["MIT"]', 'line 10: packages.rule.license: expected nothing of this name']
])('says where a rule about packages is wrong: %s', (line, said) => {
  const lines = RULE.split('\n').slice(0, -1);
  const key = line.split(' ')[0] ?? '';
  const own = lines.findIndex(one => one.startsWith(`${key} =`));
  const isOfTable = ['mode', 'default', 'modes'].includes(key);
  lines.splice(own < 0 ? (isOfTable ? 3 : lines.length) : own, own < 0 ? 0 : 1, line);
  expect(complaint(`${lines.join('\n')}\n`)).toContain(`labkeeper.toml, ${said}`);
});

it('names the second of two rules of one name', () => {
  expect(complaint(`${RULE}\n${RULE.split('\n').slice(4).join('\n')}`)).toBe(
    'labkeeper.toml, line 12: packages.rule.id: expected a name that no rule before it has, got "no-agpl".'
  );
});

it('finds the line in a large file in no time, also behind values of many lines', () => {
  const rules = Array.from(
    { length: 499 },
    (_, i) => `[[packages.rule]]\nid = "r${i}"\neffect = "deny"\nnames = [\n  "a",\n  "b"\n]\nreason = "x"\n`
  ).join('\n');
  const beganMs = performance.now();
  expect(complaint(`${rules}\n${RULE.split('\n').slice(4).join('\n')}version = "x"\n`)).toContain(
    `line ${499 * 9 + 6}: packages.rule.version`
  );
  // One look for each line took a minute and a half, in which the service would have answered nobody.
  expect(performance.now() - beganMs).toBeLessThan(8000);
});

it('warns of a policy that blocks pip itself, with the line of the rule', () => {
  const doubts = (text: string) => policyDoubts(parse(text), Buffer.from(text), 'labkeeper.toml');
  expect(doubts(RULE)).toEqual([]);
  expect(doubts(SWITCH)).toEqual([]);
  expect(doubts(EXAMPLE.toString())).toEqual([]);
  expect(doubts('[packages]\ndefault = "deny"\n')).toEqual([
    expect.stringMatching(
      /^labkeeper\.toml, line 2: this policy blocks pip itself \(pypi, by the default\): .*\.$/
    )
  ]);
  expect(doubts(`${RULE}names = ["p*"]\n`.replace('licences = ["AGPL-*"]\n', ''))).toEqual([
    expect.stringMatching(
      /^labkeeper\.toml, line 5: this policy blocks pip itself \(pypi, by the rule "no-agpl"\)/
    )
  ]);
});

it('names a mistyped key, and not what is missing for it', () => {
  expect(complaint('[[switch]]\npart = "meter"\nstat = "on"\nreason = "x"\n')).toContain(
    'line 3: switch.stat: expected nothing of this name. There is 1 more mistake.'
  );
});

it('takes neither other bytes, nor too many, nor depth', () => {
  expect(complaint(Buffer.from([0x23, 0xff, 0x0a]))).toBe(
    'labkeeper.toml: expected text in UTF-8, got other bytes.'
  );
  expect(complaint(Buffer.alloc(POLICY_BYTES + 1, '#'))).toContain('expected at most');
  expect(complaint(`a = ${'['.repeat(1000)}`)).toContain('line 1');
});

it('reads, or says in one line why not, whatever comes', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc
      .array(
        fc.constantFrom('[[switch]]\n', 'part', ' = ', '"meter"', '\n', '[', ']', '"""', '#', 'state', '0.1'),
        {
          maxLength: 20
        }
      )
      .map(parts => parts.join(''))
  );
  fc.assert(
    fc.property(text, one => {
      try {
        expect(parse(one).switch).toBeDefined();
      } catch (error) {
        expect(error).toBeInstanceOf(PolicyError);
        expect(String(error)).toMatch(/^PolicyError: labkeeper\.toml[^\n]+\.$/);
      }
    }),
    { numRuns: 2000 }
  );
});
