import * as fc from 'fast-check';
import { distributionOf, installerOf, originOf, requestedOf } from './dist-info.js';

describe('what a dist-info folder tells', () => {
  it('is name and version of METADATA, normalised', () => {
    expect(
      distributionOf(
        'Metadata-Version: 2.1\r\nName: Flask_Cors..X\r\nversion: 4.0.1 \r\n\r\nName: not\r\n',
        'x-1.dist-info'
      )
    ).toEqual({ name: 'flask-cors-x', version: '4.0.1' });
  });

  it('is what its own name says where METADATA says nothing', () => {
    expect(distributionOf('', 'foo_bar-1.0.dist-info')).toEqual({ name: 'foo-bar', version: '1.0' });
    expect(distributionOf('\n\nName: hidden\n', 'foo.dist-info')).toEqual({ name: 'foo', version: null });
  });

  it('holds nothing that a terminal or a page would obey, and is bounded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), text => {
        const { name, version } = distributionOf(`Name: ${text}\nVersion: ${text}\n`, `${text}.dist-info`);
        expect(name).toMatch(/^[\x20-\x7e]{0,256}$/);
        expect(version ?? '').toMatch(/^[\x20-\x7e]{0,128}$/);
      })
    );
  });

  it('tells asked for from needed only where pip installed', () => {
    expect([requestedOf('pip', true), requestedOf('pip', false)]).toEqual([true, false]);
    expect([requestedOf('uv', true), requestedOf(null, true)]).toEqual([null, null]);
    expect([installerOf('pip\n'), installerOf(''), installerOf(null)]).toEqual(['pip', null, null]);
  });

  it.each([
    ['by name', null, 'pip', 'index', null],
    ['by nobody known', null, 'conda', 'unknown', null],
    [
      'from a URL',
      '{"url":"https://a:b@example.org/x.whl","archive_info":{}}',
      'pip',
      'direct',
      'https://***@example.org/x.whl'
    ],
    ['editable', '{"url":"file:///w","dir_info":{"editable":true}}', 'uv', 'editable', 'file:///w'],
    ['from a damaged file', '{"url"', 'pip', 'direct', null],
    ['from nothing', '[1]', 'pip', 'direct', null],
    ['from a number', '{"url":1,"dir_info":3}', 'pip', 'direct', null]
  ])('knows what was installed %s', (_how, text, installer, origin, directUrl) => {
    expect(originOf(text, installer)).toEqual({ origin, directUrl });
  });
});
