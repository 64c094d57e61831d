import type { PackageEcosystem } from '@labkeeper/protocol';
import fc from 'fast-check';
import { namePattern, packageName, shownName } from './package-name.js';

it.each<[PackageEcosystem, string, string | null]>([
  ['pypi', 'Foo.Bar_baz', 'foo-bar-baz'],
  ['pypi', 'A--_.b', 'a-b'],
  ['pypi', 'x', 'x'],
  ['pypi', '-x', null],
  ['pypi', 'x.', null],
  ['pypi', '', null],
  ['pypi', 'nump\u0443', null],
  ['pypi', 'a b', null],
  ['pypi', 'a/../b', null],
  ['pypi', 'x'.repeat(257), null],
  ['conda', '_Libgcc_mutex', '_libgcc_mutex'],
  ['conda', 'r-base', 'r-base'],
  ['conda', 'a_b', 'a_b'],
  ['conda', 'a b', null]
])('of %s, %j is %j', (ecosystem, written, name) => {
  expect(packageName(ecosystem, written)).toBe(name);
});

const ecosystems = fc.constantFrom<PackageEcosystem>('pypi', 'conda');
const written = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);

it('is the same when it is done again', () => {
  fc.assert(
    fc.property(ecosystems, written, (ecosystem, text) => {
      const once = packageName(ecosystem, text);
      expect(once === null ? null : packageName(ecosystem, once)).toBe(once);
    })
  );
});

it('is one for all spellings of PyPI', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z0-9]{1,4}$/), { minLength: 1, maxLength: 4 }), parts => {
      const names = ['-', '_', '.', '-_.'].map(by => packageName('pypi', parts.join(by).toUpperCase()));
      expect(new Set(names)).toEqual(new Set([parts.join('-')]));
    })
  );
});

it('writes patterns as it writes names, and refuses those that no name can fit', () => {
  expect(namePattern('pypi', 'Scikit_*')).toBe('scikit-*');
  expect(namePattern('conda', 'R-?_*')).toBe('r-?_*');
  expect(namePattern('pypi', '*')).toBe('*');
  expect([namePattern('pypi', 'num\u0440y*'), namePattern('pypi', 'a b*')]).toEqual([null, null]);
});

it('shows every name in plain letters', () => {
  expect(shownName('nump\u0443\n')).toBe('nump{U+0443}{U+000A}');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => expect(shownName(text)).toMatch(/^[\x20-\x7e]{0,82}$/))
  );
});
