import type { IPageRest, IProjectFile } from '../src/project.js';
import { ProjectFiles } from '../src/upstream/project-files.js';
import { HtmlPage } from '../src/upstream/read-html-page.js';
import { JsonPage } from '../src/upstream/read-json-page.js';

interface IReadPage extends IPageRest {
  readonly files: readonly IProjectFile[];
  readonly troubles: readonly string[];
}

/** Reads a page that comes in chunks of that many bytes. */
function readPage(Page: typeof JsonPage | typeof HtmlPage, text: string, chunkBytes = 1000): IReadPage {
  const found: IProjectFile[] = [];
  const files = new ProjectFiles(PAGE, file => found.push(file));
  const page = new Page(files);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    page.write(bytes.subarray(at, at + chunkBytes));
  }
  return { ...page.end(), files: found, troubles: files.troubles };
}

const PAGE = new URL('https://index.example/simple/demo/');
const SHA = 'a'.repeat(64);

describe('a page in JSON', () => {
  const read = (files: readonly unknown[], rest: object = {}): IReadPage =>
    readPage(JsonPage, JSON.stringify({ meta: { 'api-version': '1.4' }, name: 'demo', files, ...rest }));

  it('keeps what the standards know', () => {
    const project = read(
      [
        {
          filename: 'demo-1.0-py3-none-any.whl',
          url: 'https://files.example/demo-1.0-py3-none-any.whl',
          hashes: { sha256: SHA.toUpperCase(), unheard: 'ff' },
          'requires-python': '>=3.8',
          size: 12,
          'upload-time': '2026-01-01T00:00:00.000000Z',
          yanked: 'broken',
          'core-metadata': { sha256: SHA },
          provenance: 'https://index.example/integrity/demo/1.0/provenance',
          later: { unknown: true }
        },
        { filename: 'demo-1.0.tar.gz', url: 'demo-1.0.tar.gz', hashes: {}, yanked: true }
      ],
      { versions: ['1.0'], 'project-status': { status: 'archived', reason: 'old' } }
    );
    expect(project).toMatchObject({
      status: { status: 'archived', reason: 'old' },
      versions: ['1.0'],
      troubles: []
    });
    expect(project.files).toEqual([
      {
        filename: 'demo-1.0-py3-none-any.whl',
        url: 'https://files.example/demo-1.0-py3-none-any.whl',
        hashes: { sha256: SHA },
        requiresPython: '>=3.8',
        sizeBytes: 12,
        uploadTime: '2026-01-01T00:00:00.000000Z',
        yanked: 'broken',
        coreMetadata: { sha256: SHA },
        provenance: 'https://index.example/integrity/demo/1.0/provenance'
      },
      expect.objectContaining({
        url: 'https://index.example/simple/demo/demo-1.0.tar.gz',
        yanked: '',
        coreMetadata: false
      })
    ]);
  });

  it('leaves out what is dangerous, and says so', () => {
    const { files, troubles } = read([
      { filename: '../../etc/passwd', url: 'x' },
      { filename: 'a.whl', url: 'file:///etc/passwd' },
      { filename: 'b.whl', url: 'javascript:alert(1)' },
      { filename: 'c.whl', url: 'c.whl' },
      { filename: 'c.whl', url: 'other.whl' },
      null,
      { url: 'd.whl' }
    ]);
    expect(files.map(({ filename }) => filename)).toEqual(['c.whl']);
    expect(troubles).toHaveLength(6);
    expect(troubles.at(-1)).toBe('1 more entries were left out.');
  });

  it.each([
    ['{', 'The page is not valid JSON.'],
    ['[]', 'The page is not a JSON object.'],
    ['{"meta":{"api-version":"1.0"}}', 'The page has no list of files.'],
    ['{"files":{"a":[]}}', 'The page has no list of files.'],
    ['"files"', 'The page is not a JSON object.'],
    ['', 'The page is not valid JSON.'],
    ['{"files":[{"filename":"a.whl"}', 'The page is not valid JSON.'],
    ['{"files":[{"filename":"a.whl"},]}', 'The page is not valid JSON.'],
    ['{"files":[{"filename":}]}', 'The page is not valid JSON.'],
    ['{"files":[}}', 'The page is not valid JSON.'],
    ['{"files":[]]', 'The page is not valid JSON.'],
    ['{"files":[]}}', 'The page is not valid JSON.'],
    ['{"files":[],,"meta":{}}', 'The page is not valid JSON.'],
    ['{"files":[] "meta":{}}', 'The page is not valid JSON.'],
    ['{files:[]}', 'The page is not valid JSON.'],
    ['{"files":[],"meta":}', 'The page is not valid JSON.'],
    ['{"files":[]} {}', 'The page is not valid JSON.'],
    ['{"meta":{"api-version":"2.0"},"files":[]}', 'The page is of version 2.0, which is not understood here.']
  ])('is refused when it is %s', (text, message) => {
    expect(() => readPage(JsonPage, text)).toThrow(message);
  });
});

it.each([1, 2, 3, 7, 64])('a page in chunks of %i bytes is read as one that comes whole', chunkBytes => {
  const json = JSON.stringify(
    {
      'x-later': [[{ files: ['"]}'] }], '\\\\"'],
      files: ['ü', '☃ {"[', 'a\\\\'].map((reason, place) => ({
        filename: `demo-${place}.0.tar.gz`,
        url: `demo-${place}.0.tar.gz`,
        yanked: reason,
        hashes: { sha256: SHA }
      })),
      versions: ['0.0', '1.0', '2.0'],
      meta: { 'api-version': '1.4' }
    },
    null,
    chunkBytes
  );
  const html = `<!DOCTYPE html><meta name="pypi:repository-version" content="1.0"><body>
    <a href="demo-1.0.tar.gz#sha256=${SHA}" data-yanked="ü☃&amp;">demo</a><a href="demo-2.0.tar.gz">x</a>`;
  for (const [Page, text, count] of [
    [JsonPage, json, 3],
    [HtmlPage, html, 2]
  ] as const) {
    const whole = readPage(Page, text, text.length * 2);
    expect(whole.files).toHaveLength(count);
    expect(whole.troubles).toEqual([]);
    expect(readPage(Page, text, chunkBytes)).toEqual(whole);
  }
});

describe('a page in HTML', () => {
  it('keeps what the attributes say', () => {
    const text = `<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.3">
      <meta name="pypi:project-status" content="deprecated"></head><body>
      <a href="../../packages/demo-1.0-py3-none-any.whl#sha256=${SHA}" data-requires-python="&gt;=3.8"
         data-dist-info-metadata="sha256=${SHA}" data-upload-time="2026-01-01T00:00:00Z">demo-1.0…</a>
      <a href="demo-0.9.tar.gz" data-yanked>demo-0.9.tar.gz</a>
      <a name="no-address">x</a>`;
    const project = readPage(HtmlPage, text);
    expect(project.status).toEqual({ status: 'deprecated', reason: null });
    expect(project.files).toEqual([
      expect.objectContaining({
        filename: 'demo-1.0-py3-none-any.whl',
        url: 'https://index.example/packages/demo-1.0-py3-none-any.whl',
        hashes: { sha256: SHA },
        requiresPython: '>=3.8',
        coreMetadata: { sha256: SHA },
        uploadTime: '2026-01-01T00:00:00Z'
      }),
      expect.objectContaining({ filename: 'demo-0.9.tar.gz', yanked: '', hashes: {} })
    ]);
  });

  it('is relative to its base, survives broken HTML, and leaves out what is dangerous', () => {
    const text = `<base href="https://files.example/x/"><a href=one.whl>one<a href="two.whl">
      <a href="%2e%2e%2fetc%2fpasswd">p</a><a href="data:text/html,x.whl">x.whl</a><a href="%zz.whl"`;
    const { files, troubles } = readPage(HtmlPage, text);
    expect(files.map(({ url }) => url)).toEqual([
      'https://files.example/x/one.whl',
      'https://files.example/x/two.whl'
    ]);
    expect(troubles.length).toBeGreaterThanOrEqual(2);
  });

  it('of another major version is refused', () => {
    const text = '<meta name="pypi:repository-version" content="2.0">';
    expect(() => readPage(HtmlPage, text)).toThrow('2.0');
  });
});
