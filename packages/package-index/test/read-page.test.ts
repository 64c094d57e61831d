import { readHtmlPage } from '../src/upstream/read-html-page.js';
import { readJsonPage } from '../src/upstream/read-json-page.js';

const PAGE = new URL('https://index.example/simple/demo/');
const SHA = 'a'.repeat(64);

describe('a page in JSON', () => {
  const read = (files: readonly unknown[], rest: object = {}): ReturnType<typeof readJsonPage> =>
    readJsonPage(
      'demo',
      JSON.stringify({ meta: { 'api-version': '1.4' }, name: 'demo', files, ...rest }),
      PAGE
    );

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
    ['{"meta":{"api-version":"2.0"},"files":[]}', 'The page is of version 2.0, which is not understood here.']
  ])('is refused when it is %s', (text, message) => {
    expect(() => readJsonPage('demo', text, PAGE)).toThrow(message);
  });
});

describe('a page in HTML', () => {
  it('keeps what the attributes say', () => {
    const text = `<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.3">
      <meta name="pypi:project-status" content="deprecated"></head><body>
      <a href="../../packages/demo-1.0-py3-none-any.whl#sha256=${SHA}" data-requires-python="&gt;=3.8"
         data-dist-info-metadata="sha256=${SHA}" data-upload-time="2026-01-01T00:00:00Z">demo-1.0…</a>
      <a href="demo-0.9.tar.gz" data-yanked>demo-0.9.tar.gz</a>
      <a name="no-address">x</a>`;
    const project = readHtmlPage('demo', text, PAGE);
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
    const { files, troubles } = readHtmlPage('demo', text, PAGE);
    expect(files.map(({ url }) => url)).toEqual([
      'https://files.example/x/one.whl',
      'https://files.example/x/two.whl'
    ]);
    expect(troubles.length).toBeGreaterThanOrEqual(2);
  });

  it('of another major version is refused', () => {
    expect(() => readHtmlPage('demo', '<meta name="pypi:repository-version" content="2.0">', PAGE)).toThrow(
      '2.0'
    );
  });
});
