import fc from 'fast-check';
import TABLE from './pep440-table.json';
import { fitsSpecifier, parseSpecifier } from './specifier.js';
import { compareVersions, isPreRelease, parseVersion, type IVersion } from './version.js';

/** What Python's own `packaging` says: tests/python/test_pep440_table.py. */
const VERSIONS = TABLE.versions.map(known);

function known(text: string): IVersion {
  const version = parseVersion(text);
  if (version === null) {
    throw new Error(`${text} is read as no version.`);
  }
  return version;
}

it('orders versions as PEP 440 does', () => {
  for (const [i, one] of VERSIONS.entries()) {
    for (const [j, other] of VERSIONS.entries()) {
      const [a = 0, b = 0] = [TABLE.ranks[i], TABLE.ranks[j]];
      const said = `${one.text} ${other.text} ${Math.sign(compareVersions(one, other))}`;
      expect(said).toBe(`${one.text} ${other.text} ${Math.sign(a - b)}`);
    }
  }
});

it('knows what comes before a release', () => {
  expect(VERSIONS.map(version => Number(isPreRelease(version))).join('')).toBe(TABLE.preReleases);
});

it.each(Object.entries(TABLE.fits))('finds what %s says', (text, fits) => {
  const specifier = parseSpecifier(text);
  const found = VERSIONS.filter(version => specifier !== null && fitsSpecifier(specifier, version));
  const expected = VERSIONS.filter((_, i) => fits[i] === '1');
  expect(found.map(version => version.text)).toEqual(expected.map(version => version.text));
});

it('compares as it is written where `===` says so', () => {
  const fits = (version: string) => fitsSpecifier(parseSpecifier('===1.0.0') ?? [], known(version));
  expect([fits('1.0.0'), fits('1.0')]).toEqual([true, false]);
});

it('reads nothing else', () => {
  expect(TABLE.noVersions.filter(text => parseVersion(text) !== null)).toEqual([]);
  expect(TABLE.noSpecifiers.filter(text => parseSpecifier(text) !== null)).toEqual([]);
  expect([parseVersion(`1.${'0'.repeat(200)}`), parseSpecifier(`==1${',==1'.repeat(100)}`)]).toEqual([
    null,
    null
  ]);
  expect(parseSpecifier('')).toBeNull();
});

const anyVersion = fc.oneof(
  fc.constantFrom(...TABLE.versions),
  fc
    .record({
      epoch: fc.constantFrom('', '1!'),
      release: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }).map(parts => parts.join('.')),
      ...{ pre: fc.constantFrom('', 'a1', 'rc1'), post: fc.constantFrom('', '.post1') },
      ...{ dev: fc.constantFrom('', '.dev2'), local: fc.constantFrom('', '+x', '+2.y') }
    })
    .map(({ epoch, release, pre, post, dev, local }) => epoch + release + pre + post + dev + local)
);

it('has one order: each pair has a direction, and the middle one is in the middle', () => {
  fc.assert(
    fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
      const [one, two, three] = [known(a), known(b), known(c)].sort(compareVersions);
      if (one && two && three) {
        expect(compareVersions(one, two)).toBeLessThanOrEqual(0);
        expect(compareVersions(two, three)).toBeLessThanOrEqual(0);
        expect(compareVersions(one, three)).toBeLessThanOrEqual(0);
        expect(Math.sign(compareVersions(two, one))).toBe(-Math.sign(compareVersions(one, two)) + 0);
      }
    })
  );
});

it('takes out with `!=` exactly what `==` finds', () => {
  fc.assert(
    fc.property(anyVersion, anyVersion, (a, b) => {
      const fits = (operator: string) => fitsSpecifier(parseSpecifier(operator + b) ?? [], known(a));
      expect(fits('!=')).toBe(!fits('=='));
    })
  );
});

it('reads whatever comes in no time', () => {
  for (const text of [
    `1${'.0'.repeat(60)}x`,
    `1.0${'-'.repeat(100)}`,
    '1!'.repeat(60),
    `==${'1.'.repeat(120)}`
  ]) {
    expect([parseVersion(text), parseSpecifier(text)]).toEqual([null, null]);
  }
});
