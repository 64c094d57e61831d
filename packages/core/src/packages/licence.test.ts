import fc from 'fast-check';
import { isBound, isCovered, licencePattern, parseLicence, type LicenceTerm } from './licence.js';

const read = (expression: string): LicenceTerm =>
  parseLicence(expression) ?? { kind: 'licence', id: '?', exception: null };
const patterns = (...entries: string[]) =>
  entries.map(entry => licencePattern(entry)).filter(pattern => pattern !== null);

it.each<[string, string[], boolean, boolean]>([
  ['MIT', ['MIT'], true, true],
  ['MIT OR GPL-3.0-only', ['MIT'], true, false],
  ['MIT AND GPL-3.0-only', ['MIT'], false, true],
  ['MIT AND (Apache-2.0 OR GPL-3.0-only)', ['MIT', 'Apache-*'], true, true],
  ['MIT AND (Apache-2.0 OR GPL-3.0-only)', ['GPL-*'], false, false],
  ['(MIT AND GPL-2.0-only) OR (ISC AND GPL-3.0-only)', ['GPL-*'], false, true],
  ['GPL-2.0', ['GPL-2.0-only'], true, true],
  ['GPL-2.0+', ['GPL-2.0-or-later'], true, true],
  ['GPL-2.0-only WITH Classpath-exception-2.0', ['GPL-*'], true, true],
  ['GPL-2.0-only', ['GPL-2.0-only WITH Classpath-exception-2.0'], false, false],
  ['GPL-2.0-only WITH Classpath-exception-2.0', ['GPL-2.0-only WITH Classpath-exception-2.0'], true, true],
  ['LicenseRef-ours-1', ['LicenseRef-ours-*'], true, true],
  ['Apache-2.0+', ['Apache-2.0'], true, true]
])('%s, with %j listed: enough = %s, not to be got round = %s', (expression, listed, covered, bound) => {
  expect(isCovered(read(expression), patterns(...listed))).toBe(covered);
  expect(isBound(read(expression), patterns(...listed))).toBe(bound);
});

it.each([
  '',
  'MIT License',
  'BSD',
  'see LICENSE.txt',
  'MIT AND',
  '(MIT',
  'MIT WITH',
  'GPL v3',
  'MIT OR '.repeat(200)
])('takes %j for no expression', expression => expect(parseLicence(expression)).toBeNull());

it('takes neither unknown identifiers nor whole expressions in rules', () => {
  const entries = ['Mitt', 'MIT OR ISC', '', 'BSD *', 'GPL-2.0-only WITH *'];
  expect(entries.filter(entry => licencePattern(entry) !== null)).toEqual([]);
  expect(licencePattern('BSD-*')).not.toBeNull();
});

it('reads whatever comes without harm', () => {
  expect(parseLicence('('.repeat(999))).toBeNull();
  expect(parseLicence(`${'('.repeat(400)}MIT${')'.repeat(400)}`)).not.toBeNull();
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), text => {
      expect(() => parseLicence(text)).not.toThrow();
    })
  );
});

const ids = ['MIT', 'ISC', 'GPL-3.0-only', 'Apache-2.0'];
const { expression } = fc.letrec<{ expression: string }>(tie => ({
  expression: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...ids),
    fc
      .tuple(tie('expression'), fc.constantFrom('AND', 'OR'), tie('expression'))
      .map(([left, word, right]) => `(${left} ${word} ${right})`)
  )
}));

it('finds more covered and more bound the more is listed', () => {
  fc.assert(
    fc.property(expression, fc.subarray(ids), fc.subarray(ids), (text, some, more) => {
      const few = patterns(...some);
      const many = patterns(...some, ...more);
      expect(isCovered(read(text), many) || !isCovered(read(text), few)).toBe(true);
      expect(isBound(read(text), many) || !isBound(read(text), few)).toBe(true);
    })
  );
});

it('finds bound exactly what the others do not cover', () => {
  fc.assert(
    fc.property(expression, fc.subarray(ids), (text, listed) => {
      const others = ids.filter(id => !listed.includes(id));
      expect(isBound(read(text), patterns(...listed))).toBe(!isCovered(read(text), patterns(...others)));
    })
  );
});
