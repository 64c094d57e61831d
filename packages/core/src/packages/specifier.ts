import {
  compareVersions,
  compareWithoutLocal,
  isPreRelease,
  parseVersion,
  type IVersion
} from './version.js';

/**
 * Specifiers of PEP 440. Ours and not a library's: `@renovatebot/pep440` 5.0.1 finds neither `1.0rc1` below `1.0rc2` nor
 * `1.0.post2` above `1.0.post1`, forgets epochs there, does not fit `1` to `==1.0.*`, and fails on versions that are none.
 * The table in pep440-table.json is what Python's own `packaging` says.
 */

const OPERATORS = ['===', '~=', '==', '!=', '<=', '>=', '<', '>'] as const;
type Operator = (typeof OPERATORS)[number];

/** One comparison of a specifier. */
export interface IVersionClause {
  readonly operator: Operator;
  readonly version: IVersion;
  /** Numbers of the release as they were written: for `~=` and `.*` the zeros count. */
  readonly length: number;
  /** `==1.2.*`. */
  readonly isPrefix: boolean;
}

/** What a specifier says: every clause must fit. */
export type Specifier = readonly IVersionClause[];

/** Longest specifier that is looked at. */
const LENGTH = 256;

/** Reads a specifier such as `>=1.2,<2`; null = it is none. */
export function parseSpecifier(text: string): Specifier | null {
  if (text.length > LENGTH) {
    return null;
  }
  const clauses: IVersionClause[] = [];
  for (const part of text.split(',')) {
    const clause = parseClause(part.trim());
    if (clause === null) {
      return null;
    }
    clauses.push(clause);
  }
  return clauses;
}

/** Whether a version is within a specifier; those before a release are, too, wherever the numbers say so. */
export function fitsSpecifier(specifier: Specifier, version: IVersion): boolean {
  return specifier.every(clause => fitsClause(clause, version));
}

function parseClause(text: string): IVersionClause | null {
  const operator = OPERATORS.find(one => text.startsWith(one));
  if (operator === undefined) {
    return null;
  }
  const written = text.slice(operator.length).trim();
  const isPrefix = written.endsWith('.*');
  const version = parseVersion(isPrefix ? written.slice(0, -2) : written);
  if (version === null) {
    return null;
  }
  const length = releaseLength(version.text);
  const isExact = operator === '==' || operator === '!=';
  const isPlain = !isPreRelease(version) && version.post === null && version.local === null;
  const isLegal =
    (!isPrefix || (isExact && isPlain)) &&
    (version.local === null || isExact || operator === '===') &&
    (operator !== '~=' || length > 1);
  return isLegal ? { operator, version, length, isPrefix } : null;
}

function fitsClause(
  { operator, version: wanted, length, isPrefix }: IVersionClause,
  version: IVersion
): boolean {
  switch (operator) {
    case '===':
      return version.text === wanted.text;
    case '==':
      return isPrefix ? beginsAs(version, wanted, length) : isSame(version, wanted);
    case '!=':
      return !(isPrefix ? beginsAs(version, wanted, length) : isSame(version, wanted));
    case '~=':
      return compareWithoutLocal(version, wanted) >= 0 && beginsAs(version, wanted, length - 1);
    case '<=':
      return compareWithoutLocal(version, wanted) <= 0;
    case '>=':
      return compareWithoutLocal(version, wanted) >= 0;
    case '<':
      // What comes before a release does not count as below it, unless that is what was asked for.
      return (
        compareVersions(version, isPreRelease(wanted) ? wanted : { ...wanted, dev: '0', local: null }) < 0
      );
    case '>':
      return compareWithoutLocal(version, wanted) > 0 && !isPostOf(version, wanted);
  }
}

/** Nor does what comes after a release count as above it. */
function isPostOf(version: IVersion, wanted: IVersion): boolean {
  return (
    version.post !== null &&
    wanted.post === null &&
    wanted.dev === null &&
    compareWithoutLocal({ ...version, post: null, dev: null }, wanted) === 0
  );
}

/** What the specifier does not say of what stands behind `+` does not count. */
function isSame(version: IVersion, wanted: IVersion): boolean {
  return (wanted.local === null ? compareWithoutLocal : compareVersions)(version, wanted) === 0;
}

/** Whether epoch and the first `length` numbers of the release are the same. */
function beginsAs(version: IVersion, wanted: IVersion, length: number): boolean {
  const first = ({ epoch, release }: IVersion) =>
    [epoch, ...Array.from({ length }, (_, i) => release[i] ?? '0')].join('.');
  return first(version) === first(wanted);
}

function releaseLength(text: string): number {
  const release = /^v?(?:\d+!)?(\d+(?:\.\d+)*)/.exec(text)?.[1] ?? '';
  return release.split('.').length;
}
