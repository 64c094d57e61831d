import { PackageCase } from '@labkeeper/protocol';
import { parseArgs } from 'node:util';
import * as v from 'valibot';

/** What was asked for on the command line. */
export interface ITestArguments {
  /** The policy file. */
  readonly policy: string;
  /** A file of cases, or one case. */
  readonly what:
    { readonly kind: 'file'; readonly path: string } | { readonly kind: 'one'; readonly one: PackageCase };
  readonly asJson: boolean;
}

/** How it is used. */
const USAGE =
  'usage: labkeeper policy test POLICY --cases FILE [--json]\n' +
  '       labkeeper policy test POLICY --name NAME [--version VERSION] [--ecosystem pypi|conda] [--licence EXPRESSION] ' +
  '[--age-days DAYS] [--advisory ID[=SEVERITY]]... [--no-advisories] [--index NAME] [--hub NAME] [--user NAME] ' +
  '[--group NAME]... [--image NAME] [--expect allow|warn|require-approval|deny] [--rule ID] [--json]';

/** The command line is wrong. The message says how, and how it is used. */
export class TestUsageError extends Error {
  override readonly name = 'TestUsageError';
}

/** @throws TestUsageError. */
export function readTestArguments(words: readonly string[]): ITestArguments {
  try {
    return read(words);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TestUsageError(`${reason}\n${USAGE}`, { cause: error });
  }
}

function read(words: readonly string[]): ITestArguments {
  const text = { type: 'string' } as const;
  const texts = { type: 'string', multiple: true } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      ...{ cases: text, name: text, version: text, ecosystem: text, licence: text, index: text },
      ...{ hub: text, user: text, image: text, expect: text, rule: text, 'age-days': text },
      ...{ advisory: texts, group: texts, 'no-advisories': flag, json: flag }
    }
  });
  const [deed, policy, ...others] = positionals;
  if (deed !== 'test') {
    throw new Error(deed === undefined ? 'Say what to do.' : `There is no "labkeeper policy ${deed}".`);
  }
  if (policy === undefined || others.length > 0) {
    throw new Error('Name one policy file.');
  }
  const { cases, json: asJson, advisory, group, 'age-days': age, 'no-advisories': none, ...told } = values;
  if ((cases === undefined) === (told.name === undefined)) {
    throw new Error('Name either a file of cases with --cases, or one package with --name.');
  }
  if (cases !== undefined) {
    const [more] = [...Object.keys(told), ...(advisory ? ['advisory'] : []), ...(group ? ['group'] : [])];
    if (more !== undefined || age !== undefined || none) {
      throw new Error(
        'What is known of a package stands in the file of cases; beside --cases only --json can be said.'
      );
    }
    return { policy, what: { kind: 'file', path: cases }, asJson };
  }
  const one = {
    ...told,
    ...(age !== undefined && { age_days: /^\d+(\.\d+)?$/.test(age) ? Number(age) : age }),
    ...(none && { advisories: [] }),
    ...(advisory && { advisories: advisory.map(readAdvisory) }),
    ...(group && { groups: group })
  };
  return { policy, what: { kind: 'one', one: readCase(one) }, asJson };
}

function readAdvisory(word: string): { readonly id: string; readonly severity?: string } {
  const [id = '', severity] = word.split('=', 2);
  return { id, ...(severity !== undefined && { severity }) };
}

function readCase(told: Readonly<Record<string, unknown>>): PackageCase {
  const result = v.safeParse(PackageCase, told);
  if (!result.success) {
    const [issue] = result.issues;
    const key = String(issue.path?.[0].key ?? 'name');
    const option =
      new Map([
        ['age_days', 'age-days'],
        ['advisories', 'advisory'],
        ['groups', 'group']
      ]).get(key) ?? key;
    throw new Error(`--${option}: expected ${issue.expected ?? 'something else'}, got ${issue.received}.`);
  }
  return result.output;
}
