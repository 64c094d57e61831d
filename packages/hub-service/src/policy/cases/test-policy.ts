import { PackageRules, shownName } from '@labkeeper/core';
import {
  NO_PACKAGES_POLICY,
  PackageCases,
  type PackageCase,
  type PackagesMode,
  type PackagesPolicy
} from '@labkeeper/protocol';
import { reasonOf } from '../../failure.js';
import { parsePolicy, PolicyError } from '../parse-policy.js';
import { parseToml } from '../parse-toml.js';
import { PolicyFile } from '../policy-file.js';
import { policyDoubts } from '../policy-doubts.js';
import { judgeCase, type IJudgedCase } from './judged-case.js';
import { readTestArguments, TestUsageError, type ITestArguments } from './test-arguments.js';

/** What the command is given by its process. */
export interface ITestPolicy {
  readonly words: readonly string[];
  /** Take one line, without its end. */
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}

const MODES: Readonly<Record<PackagesMode, string>> = {
  observe: 'nothing is refused, and what would be is on record',
  explain: 'nothing is refused, and who installs is told what would be',
  enforce: 'what is denied, or needs an approval, is refused'
};

/** In words, where a schema's own are for programs. */
const EXPECTED = new Map([
  ['case', '1 to 5000 entries that begin with [[case]]'],
  ['case.age_days', 'a number of days from 0 to 36600'],
  ['case.advisories', 'a list of tables such as { id = "GHSA-...", severity = "high" }'],
  ['case.groups', 'a list of names of groups']
]);

/**
 * `policy test`: what a policy file says of packages, and whether that is what was expected. Nothing is changed or asked.
 *
 * @returns the exit status: 0 = all is as expected; 1 = something is not; 2 = wrong usage, or a file cannot be used.
 */
export async function testPolicyCommand({ words, say, complain }: ITestPolicy): Promise<number> {
  try {
    const asked = readTestArguments(words);
    const policyBytes = await bytesOf(asked.policy);
    const policy = parsePolicy(policyBytes, asked.policy);
    policyDoubts(policy, policyBytes, asked.policy).forEach(complain);
    const packages = policy.packages ?? NO_PACKAGES_POLICY;
    const rules = new PackageRules(packages);
    const judged = (await casesOf(asked)).map(one => judgeCase(rules, one));
    tell(asked, packages, judged, say);
    return judged.some(({ surprise }) => surprise !== null) ? 1 : 0;
  } catch (error) {
    if (error instanceof TestUsageError || error instanceof PolicyError) {
      complain(`labkeeper policy test: ${error.message}`);
    } else {
      complain(`labkeeper policy test: ${reasonOf(error)}.`);
    }
    return 2;
  }
}

async function bytesOf(path: string): Promise<Uint8Array> {
  const look = await new PolicyFile(path).look(true);
  if (look.kind !== 'read') {
    throw new PolicyError(`${path}: expected a file, got none.`);
  }
  return look.bytes;
}

async function casesOf({ what }: ITestArguments): Promise<readonly PackageCase[]> {
  return what.kind === 'one'
    ? [what.one]
    : parseToml(PackageCases, await bytesOf(what.path), what.path, EXPECTED).value.case;
}

function tell(
  { what, asJson }: ITestArguments,
  { mode }: PackagesPolicy,
  judged: readonly IJudgedCase[],
  say: (line: string) => void
): void {
  if (asJson) {
    const cases = judged.map(({ one, verdict, surprise }) => ({
      case: one,
      verdict,
      asExpected: surprise === null
    }));
    say(JSON.stringify({ mode, cases }));
  } else if (what.kind === 'one') {
    judged.flatMap(wholeStory).forEach(say);
    say(`  mode       ${mode}: ${MODES[mode]}`);
  } else {
    judged.map(line).forEach(say);
    const wrong = judged.filter(({ surprise }) => surprise !== null).length;
    say(`${judged.length - wrong} as expected, ${wrong} not.`);
  }
}

function line({ one, verdict, surprise }: IJudgedCase): string {
  const begin = surprise === null ? 'ok    ' : 'WRONG ';
  const said = surprise === null ? verdict.effect : surprise;
  return `${begin} ${titleOf(one)}: ${said}. Rule "${verdict.rule.id}": ${verdict.reason}`;
}

function wholeStory({ one, verdict, surprise }: IJudgedCase): string[] {
  const { effect, rule, reason, next, missing } = verdict;
  const place = rule.position === null ? '' : `, number ${rule.position} of the file`;
  return [
    `${titleOf(one)}: ${effect}`,
    `  rule       "${rule.id}"${place}`,
    `  reason     ${reason}`,
    ...(next === null ? [] : [`  next       ${next}`]),
    ...missing.map(({ fact, rule: by }) => `  not known  ${fact} (wanted by "${by}")`),
    ...(surprise === null ? [] : [`  WRONG      ${surprise}`])
  ];
}

function titleOf({ name, version, ecosystem }: PackageCase): string {
  return `${shownName(name)}${version === undefined ? '' : ` ${shownName(version)}`} (${ecosystem})`;
}
