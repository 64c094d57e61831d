import { documentPath, siblingPath } from '../../src/recovery/document-path.js';
import { besideName } from '../../src/recovery/recovered-name.js';

describe('documentPath', () => {
  it.each([
    ['a.ipynb', '/home/jo/a.ipynb'],
    ['/work/a b.ipynb', null],
    ['work//ü/ 学.py', '/home/jo/work/ü/ 学.py'],
    ['work/', '/home/jo/work'],
    ['..a/...', '/home/jo/..a/...'],
    ['2026-11-26 10:41.ipynb', '/home/jo/2026-11-26 10:41.ipynb'],
    ['a\\..\\b.ipynb', '/home/jo/a\\..\\b.ipynb'],
    ['a\n$(x)`b`.py', '/home/jo/a\n$(x)`b`.py']
  ])('of %j is %j', (path, expected) => {
    expect(documentPath('/home/jo', path)).toBe(expected);
  });

  it.each([
    '',
    '/',
    '///',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/..',
    './a',
    'a/./b',
    'a\0b',
    'a/b\0',
    '/etc/passwd',
    'C:/a',
    'c:a',
    'X:a.ipynb',
    'half \ud800 pair',
    'n'.repeat(256),
    'é'.repeat(128),
    'd/'.repeat(2500) + 'a'
  ])('of %j is none', path => {
    expect(documentPath('/home/jo', path)).toBeNull();
  });

  it('needs an absolute root', () => {
    expect(documentPath('work', 'a.py')).toBeNull();
    expect(documentPath('', 'a.py')).toBeNull();
    expect(documentPath('/', 'a.py')).toBe('/a.py');
  });
});

describe('a name beside another one', () => {
  it.each([
    ['a.ipynb', 1, 'a (recovered 2026-11-26 10.41).ipynb'],
    ['a.ipynb', 3, 'a (recovered 2026-11-26 10.41 3).ipynb'],
    ['a.tar.gz', 1, 'a.tar (recovered 2026-11-26 10.41).gz'],
    ['Makefile', 1, 'Makefile (recovered 2026-11-26 10.41)'],
    ['.bashrc', 1, '.bashrc (recovered 2026-11-26 10.41)'],
    ['no. this is no file type at all', 1, 'no. this is no file type at all (recovered 2026-11-26 10.41)']
  ])('of %j, the %d. is %j', (name, number, expected) => {
    expect(besideName(name, 'recovered 2026-11-26 10.41', number)).toBe(expected);
  });

  it('never is too long, and cuts no character', () => {
    for (const letter of ['a', 'é', '学', '😀']) {
      const name = `${letter.repeat(Math.floor(249 / Buffer.byteLength(letter)))}.ipynb`;
      const beside = besideName(name, 'recovered 2026-11-26 10.41', 12);
      expect(Buffer.byteLength(beside)).toBeLessThanOrEqual(255);
      expect(Buffer.byteLength(beside)).toBeGreaterThan(250);
      expect(beside.endsWith(' (recovered 2026-11-26 10.41 12).ipynb')).toBe(true);
      expect(Buffer.from(beside).toString()).toBe(beside);
    }
  });

  it('has a path of its own', () => {
    expect(siblingPath('a.ipynb', 'b')).toBe('b');
    expect(siblingPath('x/y/a.ipynb', 'b')).toBe('x/y/b');
  });
});
