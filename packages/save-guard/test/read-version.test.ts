import type { Contents } from '@jupyterlab/services';
import { compare, differencesOf } from '../src/compare/comparison.js';
import { readVersion } from '../src/compare/read-version.js';
import type { Version } from '../src/compare/version.js';

const contentsOf = (text: string): Contents.IManager =>
  ({
    get: (_: string, { content }: Contents.IFetchOptions) =>
      Promise.resolve(content ? { content: text } : { size: text.length })
  }) as unknown as Contents.IManager;

const read = (text: string) => readVersion(contentsOf(text), 'a.txt', 'text');

describe('a text that is compared', () => {
  it('has the line endings that it has in an open document, whatever those of its file are', async () => {
    const open: Version = { kind: 'text', text: 'a\nb\nc\n' };
    for (const file of ['a\nb\nc\n', 'a\r\nb\r\nc\r\n', 'a\rb\rc\r']) {
      expect(await read(file)).toEqual(open);
    }
    const other = await read('a\r\nB\r\nc\r\n');
    if (typeof other === 'string') {
      throw new Error(other);
    }
    const comparison = compare(open, other);
    const rows = comparison ? differencesOf(comparison).map(at => comparison.rows[at]) : [];
    expect(rows).toMatchObject([{ left: 'b\n', right: 'B\n' }]);
  });

  it('keeps what JupyterLab keeps when it opens a file with mixed endings', async () => {
    expect(await read('a\r\nb\rc\n')).toEqual({ kind: 'text', text: 'a\nb\rc\n' });
  });
});
