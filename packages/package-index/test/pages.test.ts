import { IndexRefusal } from '../src/index-refusal.js';
import { IndexServer, BLOCKED } from './support/index-server.js';
import { makeWheel } from './support/make-wheel.js';
import { until } from './support/until.js';
import { UpstreamServer } from './support/upstream-server.js';

const JSON_FORM = 'application/vnd.pypi.simple.v1+json';
const AS_JSON = { accept: JSON_FORM };

describe.each(['json', 'html'] as const)('pages, from an upstream index that speaks %s', form => {
  let upstream: UpstreamServer;
  let index: IndexServer;
  const wheels = ['1.0', '2.0'].map(version => makeWheel('foo-bar', version));

  beforeEach(async () => {
    upstream = await UpstreamServer.start();
    upstream.form = form;
    upstream.projects.set('foo-bar', {
      files: wheels.map(wheel => ({ ...wheel, requiresPython: '>=3.8', uploadTime: '2026-01-02T03:04:05Z' })),
      status: { status: 'archived' }
    });
    index = await IndexServer.start({ upstreams: [{ id: 'main', url: upstream.url }] });
  });
  afterEach(async () => {
    await index.close();
    await upstream.close();
  });

  it('list the files with addresses of our own, hashes and metadata', async () => {
    const answer = await index.fetch('simple/foo-bar/', AS_JSON);
    expect(answer.headers.get('content-type')).toContain(JSON_FORM);
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    const page = await answer.json();
    expect(page).toMatchObject({
      meta: { 'api-version': form === 'json' ? '1.4' : '1.0' },
      name: 'foo-bar',
      versions: ['1.0', '2.0'],
      _labkeeper: { policy: 'p1' }
    });
    expect(page.files[0]).toMatchObject({
      filename: 'foo_bar-1.0-py3-none-any.whl',
      url: '../../files/foo-bar/foo_bar-1.0-py3-none-any.whl',
      hashes: { sha256: wheels[0]?.sha256 },
      'requires-python': '>=3.8',
      yanked: false,
      'core-metadata': true
    });
    if (form === 'json') {
      expect(page['project-status']).toEqual({ status: 'archived' });
      expect(page.files[0]).toMatchObject({
        'upload-time': '2026-01-02T03:04:05Z',
        size: wheels[0]?.bytes.length
      });
    }
  });

  it('mark what is blocked, so that no tool chooses it and each has a reason to print', async () => {
    index.block(({ version }) => version === '2.0');
    const page = await (await index.fetch('simple/foo-bar/', AS_JSON)).json();
    expect(page.files[0]).toMatchObject({ 'requires-python': '>=3.8', yanked: false });
    expect(page.files[1]).toMatchObject({
      'requires-python': '==99+blocked.by.labkeeper.rule.no.agpl.the.licence.agpl.3.0.is.not.approved.here',
      yanked: expect.stringContaining('The licence AGPL-3.0 is not approved here.'),
      _labkeeper: { decision: 'deny', rule: 'no-agpl' }
    });
    const html = await (await index.fetch('simple/foo-bar/')).text();
    expect(html).toContain('data-requires-python="==99+blocked.by.labkeeper.rule.no.agpl');
    expect(html).toContain('data-requires-python="&#62;=3.8"');
    expect(index.events).toContainEqual(
      expect.objectContaining({
        kind: 'page',
        who: 'ada',
        project: 'foo-bar',
        outcome: 'served',
        blocked: [
          { filename: 'foo_bar-2.0-py3-none-any.whl', version: '2.0', decision: 'deny', rule: 'no-agpl' }
        ],
        blockedCount: 1
      })
    );
  });

  it('are unchanged by tag, until policy changes', async () => {
    const etag = (await index.fetch('simple/foo-bar/', AS_JSON)).headers.get('etag') ?? '';
    const again = (tag: string): Promise<Response> =>
      index.fetch('simple/foo-bar/', { ...AS_JSON, 'if-none-match': tag });
    expect((await again(etag)).status).toBe(304);
    expect((await again(`"other", ${etag.replace('W/', '')}`)).status).toBe(304);
    expect((await index.fetch('simple/foo-bar/', { 'if-none-match': etag })).status).toBe(200);
    index.block(() => false);
    expect((await again(etag)).status).toBe(200);
    expect(
      index.events.filter(({ kind }) => kind === 'page').map(event => 'outcome' in event && event.outcome)
    ).toEqual(['served', 'unchanged', 'unchanged', 'served', 'served']);
  });

  it('are asked for once by many, and not again while they are fresh', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => index.fetch('simple/foo-bar/', AS_JSON))
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(upstream.count('/simple/')).toBe(1);
  });

  it('come from what was kept while the upstream index is down, and say so', async () => {
    await index.fetch('simple/foo-bar/', AS_JSON);
    const keptMs = index.nowMs;
    await upstream.close();
    index.nowMs += 2 * 3600_000;
    const answer = await index.fetch('simple/foo-bar/', AS_JSON);
    expect(answer.status).toBe(200);
    const since = new Date(keptMs).toISOString();
    expect(answer.headers.get('labkeeper-stale-since')).toBe(since);
    expect(await answer.json()).toMatchObject({ _labkeeper: { staleSince: since } });
    expect(index.events).toContainEqual(
      expect.objectContaining({
        kind: 'trouble',
        index: 'main',
        message: expect.stringMatching(/^The index main could not be read for foo-bar: /)
      })
    );
    // And in a new process, too.
    const later = await IndexServer.start({
      upstreams: [{ id: 'main', url: upstream.url }],
      folder: index.folder
    });
    later.nowMs = index.nowMs;
    expect((await later.fetch('simple/foo-bar/', AS_JSON)).status).toBe(200);
    await later.close();
  });
});

describe('pages', () => {
  let upstream: UpstreamServer;
  let index: IndexServer;

  beforeEach(async () => {
    upstream = await UpstreamServer.start();
    index = await IndexServer.start({
      upstreams: [{ id: 'main', url: upstream.url }],
      http: { headMs: 300, idleMs: 300 }
    });
    upstream.projects.set('demo', { files: [makeWheel('demo', '1.0')] });
  });
  afterEach(async () => {
    await index.close();
    await upstream.close();
  });

  it('are revalidated by tag, in the background while they are not old', async () => {
    await index.fetch('simple/demo/', AS_JSON);
    index.nowMs += 5 * 60_000;
    await index.fetch('simple/demo/', AS_JSON);
    await until(() => upstream.count('/simple/') === 2);
    // Until what came is taken, who asks waits for the same.
    await index.index.projects.find('demo', true);
    index.nowMs += 2 * 3600_000;
    await index.fetch('simple/demo/', AS_JSON);
    expect(upstream.count('/simple/')).toBe(3);
    expect(upstream.requests[2]?.headers['if-none-match']).toMatch(/^"[0-9a-f]{64}"$/);
  });

  it('show a new release after a look at the upstream index', async () => {
    await index.fetch('simple/demo/', AS_JSON);
    upstream.projects.set('demo', { files: ['1.0', '2.0'].map(version => makeWheel('demo', version)) });
    index.nowMs += 2 * 3600_000;
    const page = await (await index.fetch('simple/demo/', AS_JSON)).json();
    expect(page.versions).toEqual(['1.0', '2.0']);
  });

  it('are looked after at once for who says that there is something new, but not all the time', async () => {
    const ask = (cacheControl: string): Promise<Response> =>
      index.fetch('simple/demo/', { ...AS_JSON, 'cache-control': cacheControl });
    await ask('no-cache');
    await ask('no-cache');
    expect(upstream.count('/simple/')).toBe(1);
    index.nowMs += 11_000;
    await ask('max-age=0');
    expect(upstream.count('/simple/')).toBe(1);
    await ask('no-cache');
    expect(upstream.count('/simple/')).toBe(2);
  });

  it('lead names to the one way of writing them', async () => {
    for (const [path, target] of [
      ['simple/Demo/', '../demo/'],
      ['simple/demo', 'demo/'],
      ['simple/DE_mo?format=text/html', 'de-mo/?format=text/html']
    ]) {
      const answer = await index.fetch(path ?? '');
      expect([answer.status, answer.headers.get('location')]).toEqual([301, target]);
    }
  });

  it.each(['simple/..%2fetc/', 'simple/a%20b/', 'simple/demo/more/', 'simple/p%D0%B0y/', 'simple/none/'])(
    'that are none get one sentence: %s',
    async path => {
      const answer = await index.fetch(path);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(await answer.json()).toMatchObject({
        title: expect.stringMatching(/^(There is|This is)/)
      });
    }
  );

  it('in a form that we do not have are refused', async () => {
    expect((await index.fetch('simple/demo/', { accept: 'application/xml' })).status).toBe(406);
  });

  it('are decided anew when the time of a decision is over', async () => {
    const untilMs = index.nowMs + 10_000;
    index.decide = () =>
      index.nowMs < untilMs ? { ...BLOCKED, untilMs } : { ...BLOCKED, decision: 'allow' };
    const yanked = async (): Promise<unknown> =>
      (await (await index.fetch('simple/demo/', AS_JSON)).json()).files[0].yanked;
    expect(await yanked()).toContain('Blocked');
    index.nowMs = untilMs;
    expect(await yanked()).toBe(false);
  });

  it('differ by the class of who asks', async () => {
    index.decide = () => (index.decisionClass === 'guests' ? BLOCKED : { ...BLOCKED, decision: 'warn' });
    index.decisionClass = 'guests';
    expect(await (await index.fetch('simple/demo/')).text()).toContain('data-yanked');
    index.decisionClass = 'staff';
    expect(await (await index.fetch('simple/demo/')).text()).not.toContain('data-yanked');
  });

  it('and files are kept from everybody while policy cannot decide', async () => {
    index.decide = () => {
      throw new Error('the policy has a hole');
    };
    for (const path of ['simple/demo/', 'files/demo/demo-1.0-py3-none-any.whl']) {
      const answer = await index.fetch(path);
      expect([answer.status, (await answer.json()).title]).toEqual([503, 'The package index failed.']);
    }
    expect(upstream.count('/files/')).toBe(0);
  });

  it('and files are refused to who may not ask, without a question for a password', async () => {
    index.notAdmitted = new IndexRefusal(403, 'This server is not known.', 'Start it anew from the hub.');
    for (const path of ['simple/demo/', 'simple/none/', 'files/demo/demo-1.0-py3-none-any.whl']) {
      const answer = await index.fetch(path);
      expect([answer.status, answer.statusText]).toEqual([
        403,
        'This server is not known. Start it anew from the hub.'
      ]);
    }
    expect(upstream.requests).toEqual([]);
  });

  it('of an upstream index that does not answer in time are refused with a sentence', async () => {
    upstream.instead = () => true;
    const answer = await index.fetch('simple/demo/');
    expect(answer.status).toBe(503);
    expect((await answer.json()).detail).toMatch(/did not answer within 0\.3 s\. Try again/);
    await index.fetch('simple/demo/');
    expect(upstream.count('/simple/')).toBe(1);
  });

  it.each([
    ['too large', 'application/vnd.pypi.simple.v1+json', Buffer.alloc(51_000_000, ' ')],
    ['no page', 'image/png', Buffer.from('x')],
    ['no JSON', 'application/vnd.pypi.simple.v1+json', Buffer.from('{')]
  ])('that are %s are refused with a sentence', async (_name, type, body) => {
    upstream.instead = (_request, response) => {
      response.writeHead(200, { 'content-type': type }).end(body);
      return true;
    };
    const answer = await index.fetch('simple/demo/');
    expect(answer.status).toBe(503);
    expect((await answer.json()).title).toBe('The index main cannot be read for demo.');
  });
});

describe('a name', () => {
  let inner: UpstreamServer;
  let outer: UpstreamServer;
  let index: IndexServer | null = null;
  const start = async (owns?: readonly string[]): Promise<IndexServer> => {
    index = await IndexServer.start({
      upstreams: [
        { id: 'inner', url: inner.url, ...(owns && { owns }) },
        { id: 'outer', url: outer.url }
      ]
    });
    return index;
  };
  const versions = async (server: IndexServer, name: string): Promise<unknown> => {
    const answer = await server.fetch(`simple/${name}/`, AS_JSON);
    return answer.status === 200 ? (await answer.json()).versions : answer.status;
  };

  beforeEach(async () => {
    inner = await UpstreamServer.start();
    outer = await UpstreamServer.start();
    outer.projects.set('acme-tool', { files: [makeWheel('acme-tool', '99')] });
    outer.projects.set('public', { files: [makeWheel('public', '1')] });
  });
  afterEach(async () => {
    await index?.close();
    await inner.close();
    await outer.close();
  });

  it('belongs to the first index that has it, also when that one has lost it or is down', async () => {
    inner.projects.set('acme-tool', { files: [makeWheel('acme-tool', '1')] });
    const server = await start();
    expect(await versions(server, 'acme-tool')).toEqual(['1']);
    expect(await versions(server, 'public')).toEqual(['1']);
    inner.projects.delete('acme-tool');
    server.nowMs += 2 * 3600_000;
    expect(await versions(server, 'acme-tool')).toBe(404);
    expect(outer.count('acme-tool')).toBe(0);
  });

  it('is not looked for at the next index while the first is down', async () => {
    const server = await start();
    await inner.close();
    expect(await versions(server, 'acme-tool')).toBe(503);
    expect(outer.count('acme-tool')).toBe(0);
  });

  it('that is known to be the next index’s is served while the first is down', async () => {
    const server = await start();
    expect(await versions(server, 'public')).toEqual(['1']);
    await inner.close();
    server.nowMs += 2 * 3600_000;
    expect(await versions(server, 'public')).toEqual(['1']);
  });

  it('that an index owns by pattern is asked of no other, and others not of it', async () => {
    const server = await start(['acme-*']);
    expect(await versions(server, 'acme-tool')).toBe(404);
    expect(await versions(server, 'public')).toEqual(['1']);
    expect(outer.count('acme-tool')).toBe(0);
    expect(inner.count('public')).toBe(0);
  });
});
