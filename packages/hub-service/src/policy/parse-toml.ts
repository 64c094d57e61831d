import { parse, TomlError } from 'smol-toml';
import * as v from 'valibot';
import { findLine } from './find-line.js';

/** Longest file, in bytes. */
export const POLICY_BYTES = 256 * 1024;
/** Deeper values are no policy. */
const DEPTH = 8;

/** Why a text is no policy: one sentence that names file, line, and what was expected there. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

/** A file that was read. */
export interface ITomlFile<Value> {
  readonly value: Value;
  readonly text: string;
}

/** Something that is not as it should be. */
export interface IMistake {
  /** Keys and indexes. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly got: unknown;
}

/**
 * Reads a TOML file of a certain shape, strictly: what is not known is a mistake.
 *
 * @param file - its name, for messages.
 * @param expected - what stands at a place, in words, where the schema's own are for programs: by all names of the place, or
 *   its last.
 * @throws PolicyError
 */
export function parseToml<Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  file: string,
  expected: ReadonlyMap<string, string>
): ITomlFile<v.InferOutput<Schema>> {
  if (bytes.length > POLICY_BYTES) {
    throw new PolicyError(`${file}: expected at most ${POLICY_BYTES} bytes, got ${bytes.length}.`);
  }
  const text = decode(bytes, file);
  const result = v.safeParse(schema, read(text, file));
  if (result.success) {
    return { value: result.output, text };
  }
  // A name that nobody knows first: what is missing beside it is most often the same slip.
  const issue = result.issues.find(isUnknownName) ?? result.issues[0];
  const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  throw new PolicyError(
    `${file}, line ${findLine(text, path)}: ${wrong(issue, path, expected)}.${others(result.issues.length - 1)}`
  );
}

/** Refuses a file of the right shape in which something else is wrong. @throws PolicyError */
export function refuseMistakes(mistakes: readonly IMistake[], text: string, file: string): void {
  const [mistake, ...more] = mistakes;
  if (mistake !== undefined) {
    const { path, expected, got } = mistake;
    throw new PolicyError(
      `${file}, line ${findLine(text, path)}: ${nameOf(path)}: expected ${expected}, got ${shown(got)}.${others(more.length)}`
    );
  }
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

function isUnknownName({ type, expected }: v.BaseIssue<unknown>): boolean {
  return type === 'strict_object' && expected === 'never';
}

/** What was expected, and what stands there. */
function wrong(
  issue: v.BaseIssue<unknown>,
  path: readonly (string | number)[],
  words: ReadonlyMap<string, string>
): string {
  const name = nameOf(path);
  if (isUnknownName(issue)) {
    return `${name}: expected nothing of this name`;
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') {
    return `${name}: expected a value, got none`;
  }
  const last = name.split('.').at(-1) ?? '';
  const expected = words.get(name) ?? words.get(last) ?? issue.expected ?? 'something else';
  return `${name}: expected ${expected}, got ${shown(issue.input)}`;
}

function nameOf(path: readonly (string | number)[]): string {
  return path.filter(key => typeof key === 'string').join('.') || 'the file';
}

function others(count: number): string {
  return count === 0 ? '' : ` There ${count === 1 ? 'is 1 more mistake' : `are ${count} more mistakes`}.`;
}

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
