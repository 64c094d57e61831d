/**
 * A version of PEP 440, in parts. Numbers are digits without leading zeros, because some are longer than a number holds
 * (dates with fractions of seconds, hashes).
 */
export interface IVersion {
  readonly epoch: string;
  /** Without the zeros at its end. */
  readonly release: readonly string[];
  /** `a`, `b` or `rc`, and its number. */
  readonly pre: readonly [letter: string, number: string] | null;
  readonly post: string | null;
  readonly dev: string | null;
  /** Parts of what stands behind `+`. */
  readonly local: readonly string[] | null;
  /** As it was written, in lower case and without spaces around it. */
  readonly text: string;
}

/** Longest version that is looked at. */
const LENGTH = 128;

/** As PEP 440 gives it, with all spellings that it lets pass. */
const VERSION =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;

const LETTERS = new Map([
  ['alpha', 'a'],
  ['beta', 'b'],
  ['c', 'rc'],
  ['pre', 'rc'],
  ['preview', 'rc']
]);

/** Reads a version; null = it is none of PEP 440 (conda has some, such as `1.1.1k`). */
export function parseVersion(written: string): IVersion | null {
  const text = written.trim().toLowerCase();
  const found = text.length > LENGTH ? null : VERSION.exec(text);
  if (found === null) {
    return null;
  }
  const [, epoch, release, preLetter, preNumber, postDash, postWord, postNumber, devWord, devNumber, local] =
    found;
  return {
    epoch: digits(epoch),
    release: withoutZeros((release ?? '').split('.').map(digits)),
    pre: preLetter === undefined ? null : [LETTERS.get(preLetter) ?? preLetter, digits(preNumber)],
    post: postDash !== undefined || postWord !== undefined ? digits(postDash ?? postNumber) : null,
    dev: devWord === undefined ? null : digits(devNumber),
    local:
      local === undefined ? null : local.split(/[-_.]/).map(part => (isNumber(part) ? digits(part) : part)),
    text
  };
}

/** Whether it comes before its release. */
export function isPreRelease({ pre, dev }: IVersion): boolean {
  return pre !== null || dev !== null;
}

/** The order of PEP 440: below 0 = `one` is the older. */
export function compareVersions(one: IVersion, other: IVersion): number {
  return compareWithoutLocal(one, other) || compareLocals(one.local, other.local);
}

/** The same without what stands behind `+`. */
export function compareWithoutLocal(one: IVersion, other: IVersion): number {
  return (
    compareReleases(one, other) ||
    comparePre(one, other) ||
    // Without a post release is older than with one; without a dev release is newer.
    compareMissing(one.post, other.post, -1) ||
    compareMissing(one.dev, other.dev, 1)
  );
}

/** Epoch and release alone. */
function compareReleases(one: IVersion, other: IVersion): number {
  const epochs = compareNumbers(one.epoch, other.epoch);
  if (epochs !== 0) {
    return epochs;
  }
  const length = Math.max(one.release.length, other.release.length);
  for (let i = 0; i < length; i += 1) {
    const parts = compareNumbers(one.release[i] ?? '0', other.release[i] ?? '0');
    if (parts !== 0) {
      return parts;
    }
  }
  return 0;
}

function comparePre(one: IVersion, other: IVersion): number {
  const ranks = preRank(one) - preRank(other);
  if (ranks !== 0 || one.pre === null || other.pre === null) {
    return ranks;
  }
  return compareTexts(one.pre[0], other.pre[0]) || compareNumbers(one.pre[1], other.pre[1]);
}

/** `1.0.dev1` comes before `1.0a1`, and that before `1.0`. */
function preRank({ pre, post, dev }: IVersion): number {
  if (pre !== null) {
    return 0;
  }
  return post === null && dev !== null ? -1 : 1;
}

function compareLocals(one: readonly string[] | null, other: readonly string[] | null): number {
  if (one === null || other === null) {
    return Number(one !== null) - Number(other !== null);
  }
  for (const [i, part] of one.entries()) {
    const opposite = other[i];
    const parts = opposite === undefined ? 1 : compareLocalParts(part, opposite);
    if (parts !== 0) {
      return parts;
    }
  }
  return one.length - other.length;
}

/** Numbers are newer than words. */
function compareLocalParts(one: string, other: string): number {
  const kinds = Number(isNumber(one)) - Number(isNumber(other));
  return kinds || (isNumber(one) ? compareNumbers(one, other) : compareTexts(one, other));
}

function compareMissing(one: string | null, other: string | null, missing: number): number {
  if (one === null || other === null) {
    return (Number(one === null) - Number(other === null)) * missing;
  }
  return compareNumbers(one, other);
}

/** Of digits without leading zeros. */
function compareNumbers(one: string, other: string): number {
  return one.length - other.length || compareTexts(one, other);
}

function compareTexts(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** Without leading zeros; nothing is 0. */
function digits(text: string | undefined): string {
  return (text ?? '').replace(/^0+(?=\d)/, '') || '0';
}

function withoutZeros(release: readonly string[]): readonly string[] {
  let length = release.length;
  while (length > 1 && release[length - 1] === '0') {
    length -= 1;
  }
  return release.slice(0, length);
}
