import { isFileName, versionOf } from '../src/file-name.js';
import { isProjectName, normalizeName } from '../src/project-name.js';

describe('names of projects', () => {
  it('are one name however they are written', () => {
    expect(['Foo.Bar_baz', 'foo--bar-baz', 'FOO-BAR.BAZ'].map(normalizeName)).toEqual(
      new Array(3).fill('foo-bar-baz')
    );
  });

  it.each(['', '-a', 'a-', 'a/b', '..', 'a b', 'ünicode', 'pаypal', 'a'.repeat(129)])('are not %p', name => {
    expect(isProjectName(name)).toBe(false);
  });
});

describe('the version of a file', () => {
  it.each([
    ['foo_bar-1.0-py3-none-any.whl', 'foo-bar', '1.0'],
    ['Foo.Bar-1.0-2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl', 'foo-bar', '1.0'],
    ['torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl', 'torch', '2.13.0+cpu'],
    ['other-1.0-py3-none-any.whl', 'foo-bar', null],
    ['foo-bar-1.0.tar.gz', 'foo-bar', '1.0'],
    ['foo-1.0-beta-2.zip', 'foo', '1.0-beta-2'],
    ['foo-2-1.0.tar.gz', 'foo-2', '1.0'],
    ['foo_bar-1.0-py2.7.egg', 'foo-bar', '1.0'],
    ['foo-bar-1.0.exe', 'foo-bar', null],
    ['readme.txt', 'foo', null]
  ])('%s of %s is %p', (filename, project, version) => {
    expect(versionOf(filename, project)).toBe(version);
  });
});

describe('names of files', () => {
  it.each(['', '.', '..', '../x', 'a/b', 'a\\b', 'a\u0000b', 'a\nb', 'x'.repeat(256)])('are not %p', name => {
    expect(isFileName(name)).toBe(false);
  });
});
