import { Policy } from '@labkeeper/protocol';
import { parse, TomlError } from 'smol-toml';
import * as v from 'valibot';
import { findLine } from './find-line.js';

/** Longest policy file, in bytes. */
export const POLICY_BYTES = 256 * 1024;
/** Deeper values are no policy. */
const DEPTH = 8;

/** Why a text is no policy: one sentence that names file, line, and what was expected there. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

/**
 * Reads a policy file, strictly: what is not known is a mistake.
 *
 * @param file - its name, for messages.
 * @throws PolicyError
 */
export function parsePolicy(bytes: Uint8Array, file: string): Policy {
  if (bytes.length > POLICY_BYTES) {
    throw new PolicyError(`${file}: expected at most ${POLICY_BYTES} bytes, got ${bytes.length}.`);
  }
  const text = decode(bytes, file);
  const result = v.safeParse(Policy, read(text, file));
  if (result.success) {
    return result.output;
  }
  const [issue, ...more] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  const others =
    more.length > 0
      ? ` There ${more.length === 1 ? 'is 1 more mistake' : `are ${more.length} more mistakes`}.`
      : '';
  throw new PolicyError(`${file}, line ${findLine(text, path)}: ${wrong(issue, path)}.${others}`);
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new PolicyError(`${file}: expected text in UTF-8, got other bytes.`, { cause: error });
  }
}

function read(text: string, file: string): unknown {
  try {
    return parse(text, { maxDepth: DEPTH, unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (error instanceof TomlError) {
      // Its message has the lines around the place, which a log cannot show.
      const [first = ''] = error.message.split('\n');
      const what = first.replace(/^Invalid TOML document: /, '').replace(/\.$/, '');
      throw new PolicyError(`${file}, line ${error.line}, column ${error.column}: expected TOML; ${what}.`, {
        cause: error
      });
    }
    throw error;
  }
}

/** What was expected, and what stands there. */
function wrong(issue: v.BaseIssue<unknown>, path: readonly (string | number)[]): string {
  const names = path.filter(key => typeof key === 'string');
  const name = names.join('.') || 'the file';
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return `${name}: expected nothing of this name`;
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') {
    return `${name}: expected a value, got none`;
  }
  const expected = EXPECTED.get(names.at(-1) ?? '') ?? issue.expected ?? 'something else';
  return `${name}: expected ${expected}, got ${shown(issue.input)}`;
}

const PERIOD = 'a period from 30 days to 100 years, such as "7 years", "18 months" or "90 days"';
/** In words, where a schema's own are for programs. */
const EXPECTED = new Map<string, string>([
  ...(['installs', 'disk', 'streams', 'looks'] as const).map(name => [name, PERIOD] as const),
  ['share', 'a number from 0 to 1'],
  ['hubs', 'a list of 1 to 200 names of hubs'],
  ['people', 'a list of 1 to 200 names at a hub, such as "ana@main"'],
  ['support', 'at most 100 entries that begin with [[support]]'],
  ['groups', 'a list of 1 to 200 names of groups'],
  ['images', 'a list of 1 to 200 patterns'],
  ['reason', 'a text of 1 to 500 characters'],
  ['days', 'a whole number from 1 to 400'],
  ['switch', 'at most 500 entries that begin with [[switch]]']
]);

function shown(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (typeof value === 'number') {
    return String(value);
  }
  const text =
    typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'a table') : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
