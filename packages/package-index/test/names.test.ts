import { IndexRefusal } from '../src/index-refusal.js';
import { IndexServer } from './support/index-server.js';
import { UpstreamServer } from './support/upstream-server.js';
import { until } from './support/until.js';

const AS_JSON = { accept: 'application/vnd.pypi.simple.v1+json' };
const HOUR_MS = 3600_000;

describe('the list of all projects', () => {
  let inner: UpstreamServer;
  let outer: UpstreamServer;
  let index: IndexServer;
  const start = async (owns?: readonly string[]): Promise<void> => {
    index = await IndexServer.start({
      upstreams: [
        { id: 'inner', url: inner.url, ...(owns && { owns }) },
        { id: 'outer', url: outer.url }
      ]
    });
  };
  const names = async (): Promise<readonly string[]> => {
    const answer = await index.fetch('simple/', AS_JSON);
    expect(answer.status).toBe(200);
    const page = await answer.json();
    return page.projects.map(({ name }: { readonly name: string }) => name);
  };

  beforeEach(async () => {
    inner = await UpstreamServer.start();
    outer = await UpstreamServer.start();
    outer.form = 'html';
    for (const name of ['acme-tool', 'Both.Have']) {
      inner.projects.set(name, { files: [] });
    }
    for (const name of ['numpy', 'both-have', '../etc', '<b>', 'acme-squatted']) {
      outer.projects.set(name, { files: [] });
    }
  });
  afterEach(async () => {
    await index.close();
    await inner.close();
    await outer.close();
  });

  it('has each name once, of all indexes, whichever form they speak', async () => {
    await start();
    expect(await names()).toEqual(['acme-tool', 'Both.Have', 'numpy', 'acme-squatted']);
    const answer = await index.fetch('simple/');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    const html = await answer.text();
    expect(html).toContain('<a href="both-have/">Both.Have</a>');
    expect(html).not.toContain('etc');
  });

  it('leaves to an index the names that it owns', async () => {
    await start(['acme-*']);
    expect(await names()).toEqual(['acme-tool', 'numpy', 'both-have']);
  });

  it('is asked for once an hour, and by tag', async () => {
    await start();
    const etag = (await index.fetch('simple/', AS_JSON)).headers.get('etag') ?? '';
    await names();
    expect(inner.requests).toHaveLength(1);
    const again = await index.fetch('simple/', { ...AS_JSON, 'if-none-match': etag });
    expect(again.status).toBe(304);
    outer.projects.set('new', { files: [] });
    index.nowMs += 2 * HOUR_MS;
    // Whoever asks gets the old one at once.
    expect(await names()).not.toContain('new');
    await until(() => inner.requests.length === 2 && outer.requests.length === 2);
    expect(inner.requests[1]?.headers['if-none-match']).toBeDefined();
    for (let left = 100; left > 0 && !(await names()).includes('new'); left--) {
      // Until it is taken.
    }
    expect(await names()).toContain('new');
  });

  it('says whose names are not in it, and is refused when there are none', async () => {
    await start();
    outer.instead = (_request, response) => {
      response.writeHead(500).end();
      return true;
    };
    const page = await (await index.fetch('simple/', AS_JSON)).json();
    expect(page._labkeeper).toEqual({ missing: ['outer'] });
    expect(index.events).toContainEqual(
      expect.objectContaining({
        kind: 'trouble',
        index: 'outer',
        message: expect.stringMatching(/^The list of all projects could not be read from the index outer: /)
      })
    );
    inner.instead = outer.instead;
    const other = await IndexServer.start({ upstreams: [{ id: 'inner', url: inner.url }] });
    const answer = await other.fetch('simple/');
    expect(answer.status).toBe(503);
    expect((await answer.json()).title).toBe('The list of all projects cannot be had.');
    await other.close();
  });

  it('is kept over a restart', async () => {
    await start();
    await names();
    const later = await IndexServer.start({
      upstreams: [
        { id: 'inner', url: inner.url },
        { id: 'outer', url: outer.url }
      ],
      folder: index.folder
    });
    expect((await later.fetch('simple/', AS_JSON)).status).toBe(200);
    expect(inner.requests).toHaveLength(1);
    await later.close();
  });

  it('is refused to who may not ask', async () => {
    await start();
    index.notAdmitted = new IndexRefusal(403, 'This server is not known.', 'Start it anew from the hub.');
    expect((await index.fetch('simple/')).status).toBe(403);
    expect(inner.requests).toEqual([]);
  });
});
