import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BLOCKED, IndexServer } from './support/index-server.js';
import { made, makeWheel } from './support/make-wheel.js';
import { until } from './support/until.js';
import { UpstreamServer, type IServedFile } from './support/upstream-server.js';

const MEGABYTE = 1024 * 1024;

describe('files', () => {
  let upstream: UpstreamServer;
  let index: IndexServer;
  const wheel = makeWheel('demo', '1.0', { filler: randomBytes(300_000) });
  const path = `files/demo/${wheel.filename}`;
  const serve = (...files: readonly IServedFile[]): void => void upstream.projects.set('demo', { files });
  const outcomes = (): readonly string[] =>
    index.events.flatMap(event => ('filename' in event && 'outcome' in event ? [event.outcome] : []));

  beforeEach(async () => {
    upstream = await UpstreamServer.start();
    serve(wheel);
    index = await IndexServer.start({
      upstreams: [{ id: 'main', url: upstream.url }],
      http: { headMs: 500, idleMs: 500 }
    });
  });
  afterEach(async () => {
    await index.close();
    await upstream.close();
  });

  it('come whole, once from the upstream index and then from the disk', async () => {
    for (let time = 0; time < 3; time++) {
      const answer = await index.fetch(path);
      expect(answer.headers.get('content-length')).toBe(String(wheel.bytes.length));
      expect(answer.headers.get('etag')).toBe(`"${wheel.sha256}"`);
      expect(sha256(await bytesOf(answer))).toBe(wheel.sha256);
    }
    expect(upstream.count('/files/')).toBe(1);
    await until(() => outcomes().length === 3);
    expect(index.events.at(-1)).toMatchObject({
      kind: 'file',
      who: 'ada',
      project: 'demo',
      version: '1.0',
      sha256: wheel.sha256,
      outcome: 'served',
      sentBytes: wheel.bytes.length,
      policyVersion: 'p1'
    });
  });

  it('are there after a restart, and while the upstream index is down', async () => {
    await bytesOf(await index.fetch(path));
    await until(() => existsSync(join(index.folder, 'files', wheel.sha256)));
    await upstream.close();
    const later = await IndexServer.start({
      upstreams: [{ id: 'main', url: upstream.url }],
      folder: index.folder
    });
    expect(sha256(await bytesOf(await later.fetch(path)))).toBe(wheel.sha256);
    await later.close();
  });

  it('are refused where policy says so, by file and by metadata, in the forms that tools print', async () => {
    index.block(() => true);
    for (const address of [path, `${path}.metadata`]) {
      const answer = await index.fetch(address);
      expect([answer.status, answer.statusText]).toEqual([
        403,
        'Blocked by Labkeeper, rule no-agpl. The licence AGPL-3.0 is not approved here. Ask for it in the Packages panel.'
      ]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await answer.json()).toEqual({
        type: 'about:blank',
        status: 403,
        title: 'Blocked by Labkeeper, rule no-agpl.',
        detail: 'The licence AGPL-3.0 is not approved here. Ask for it in the Packages panel.'
      });
    }
    expect(outcomes()).toEqual(['refused', 'refused']);
    expect(upstream.count('/files/')).toBe(0);
  });

  it('that are on the disk are refused all the same', async () => {
    await bytesOf(await index.fetch(path));
    index.block(() => true);
    expect((await index.fetch(path, { 'if-none-match': `"${wheel.sha256}"` })).status).toBe(403);
  });

  it.each([
    ['bytes=0-99', 206, 0, 99],
    ['bytes=100-', 206, 100, wheel.bytes.length - 1],
    ['bytes=-50', 206, wheel.bytes.length - 50, wheel.bytes.length - 1],
    ['bytes=5-5', 206, 5, 5],
    ['bytes=0-1,3-4', 200, 0, wheel.bytes.length - 1],
    ['lines=1-2', 200, 0, wheel.bytes.length - 1],
    [`bytes=${wheel.bytes.length}-`, 416, 0, -1]
  ])('on the disk are sent in parts: %s', async (range, status, first, last) => {
    await bytesOf(await index.fetch(path));
    const answer = await index.fetch(path, { range });
    expect(answer.status).toBe(status);
    if (status !== 416) {
      expect((await bytesOf(answer)).equals(wheel.bytes.subarray(first, last + 1))).toBe(true);
    }
    if (status === 206) {
      expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${last}/${wheel.bytes.length}`);
    }
  });

  it('that are still coming are taken up from where somebody broke off, but not cut in pieces', async () => {
    const rest = await index.fetch(path, { range: 'bytes=1000-' });
    expect(rest.status).toBe(206);
    expect((await bytesOf(rest)).equals(wheel.bytes.subarray(1000))).toBe(true);
    const other = makeWheel('demo', '2.0', { filler: randomBytes(100_000) });
    serve(wheel, other);
    index.nowMs += 2 * 3600_000;
    const piece = await index.fetch(`files/demo/${other.filename}`, { range: 'bytes=0-99' });
    expect(piece.status).toBe(200);
    expect((await bytesOf(piece)).equals(other.bytes)).toBe(true);
  });

  it('are sent whole when another one than was begun is there', async () => {
    await bytesOf(await index.fetch(path));
    expect((await index.fetch(path, { range: 'bytes=5-', 'if-range': '"old"' })).status).toBe(200);
    expect((await index.fetch(path, { range: 'bytes=5-', 'if-range': `"${wheel.sha256}"` })).status).toBe(
      206
    );
  });

  it.each(['json', 'html'] as const)(
    'with another hash than promised reach nobody whole (%s)',
    async form => {
      upstream.form = form;
      serve({ ...wheel, promised: 'b'.repeat(64) });
      await expect(index.fetch(path).then(bytesOf)).rejects.toThrow();
      expect(index.events).toContainEqual({
        kind: 'wrong-hash',
        index: 'main',
        project: 'demo',
        filename: wheel.filename,
        expected: 'b'.repeat(64),
        actual: wheel.sha256
      });
      await until(() => outcomes().includes('failed'));
      await until(() => readdirSync(join(index.folder, 'files')).length === 0);
    }
  );

  it('that are small and wrong are refused with a sentence', async () => {
    const small = made('demo-1.0.tar.gz', Buffer.from('x'));
    serve({ ...small, promised: 'b'.repeat(64) });
    const answer = await index.fetch('files/demo/demo-1.0.tar.gz');
    expect(answer.status).toBe(502);
    expect((await answer.json()).detail).toContain('has another hash than it promised');
  });

  it('are fetched on where the connection to the upstream index broke', async () => {
    let broken = 0;
    upstream.instead = (request, response) => {
      if (!request.url?.startsWith('/files/') || broken > 0) {
        return false;
      }
      broken++;
      response.writeHead(200, { 'content-length': wheel.bytes.length });
      // Once they have come: what a broken connection still holds is thrown away with it.
      response.write(wheel.bytes.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 300));
      return true;
    };
    expect(sha256(await bytesOf(await index.fetch(path)))).toBe(wheel.sha256);
    expect(upstream.requests.at(-1)?.headers.range).toMatch(/^bytes=\d+-$/);
  });

  it('of an upstream index that goes silent end with a failure', async () => {
    upstream.instead = (request, response) => {
      if (!request.url?.startsWith('/files/')) {
        return false;
      }
      response.writeHead(200, { 'content-length': 1000 }).write('x');
      return true;
    };
    const answer = await index.fetch(path);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({
      detail: expect.stringContaining('cannot go on where it broke off')
    });
    await until(() => outcomes().includes('failed'));
  });

  it('that nobody waits for any more are not fetched further', async () => {
    const big = made('demo-3.0.tar.gz', randomBytes(40 * MEGABYTE));
    serve(big);
    let upstreamEnded = false;
    upstream.instead = (request, response) => {
      if (!request.url?.startsWith('/files/')) {
        return false;
      }
      response.once('close', () => (upstreamEnded = !response.writableFinished));
      response.writeHead(200, { 'content-length': big.bytes.length }).write(big.bytes.subarray(0, MEGABYTE));
      return true;
    };
    const gone = new AbortController();
    const answer = await fetch(`${index.base}/pypi/files/demo/${big.filename}`, { signal: gone.signal });
    expect(answer.status).toBe(200);
    gone.abort();
    await until(() => upstreamEnded);
    await until(() => outcomes().includes('cut'));
    await until(() => readdirSync(join(index.folder, 'files')).length === 0);
    upstream.instead = null;
    expect(sha256(await bytesOf(await index.fetch(`files/demo/${big.filename}`)))).toBe(big.sha256);
  });

  it('for a herd of 200 are fetched once', async () => {
    const big = makeWheel('demo', '4.0', { filler: randomBytes(2 * MEGABYTE) });
    serve(big);
    let letGo = (): void => undefined;
    const wait = new Promise<void>(resolve => (letGo = resolve));
    upstream.instead = (request, response) => {
      if (!request.url?.startsWith('/files/')) {
        return false;
      }
      response.writeHead(200, { 'content-length': big.bytes.length }).write(big.bytes.subarray(0, MEGABYTE));
      void wait.then(() => response.end(big.bytes.subarray(MEGABYTE)));
      return true;
    };
    const digests = Promise.all(
      Array.from({ length: 200 }, () => digestOf(`${index.base}/pypi/files/demo/${big.filename}`))
    );
    await pause(500);
    letGo();
    expect(new Set(await digests)).toEqual(new Set([big.sha256]));
    expect(upstream.count('/files/')).toBe(1);
    expect(upstream.count('/simple/')).toBe(1);
  });

  it('do not lie in memory for who reads slowly', async () => {
    const big = made('demo-5.0.tar.gz', randomBytes(24 * MEGABYTE));
    serve(big);
    const url = `${index.base}/pypi/files/demo/${big.filename}`;
    const slow = await Promise.all(Array.from({ length: 40 }, () => answerOf(url)));
    const before = process.memoryUsage().arrayBuffers;
    expect(await digestOf(url)).toBe(big.sha256);
    // 40 × 24 MB would be nearly a gigabyte.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MEGABYTE);
    expect(await digestOfAnswer(slow[0] as IncomingMessage)).toBe(big.sha256);
    slow.forEach(answer => answer.destroy());
    expect(upstream.count('/files/')).toBe(1);
  });

  it('are passed on without the disk where they have no room there', async () => {
    const narrow = await IndexServer.start({
      upstreams: [{ id: 'main', url: upstream.url }],
      limits: { fileBytes: 100_000 }
    });
    const digests = await Promise.all([1, 2, 3].map(() => digestOf(`${narrow.base}/pypi/${path}`)));
    expect(digests).toEqual(new Array(3).fill(wheel.sha256));
    expect(readdirSync(join(narrow.folder, 'files'))).toEqual([]);
    serve({ ...wheel, promised: 'c'.repeat(64) });
    narrow.nowMs += 2 * 3600_000;
    await expect(narrow.fetch(path).then(bytesOf)).rejects.toThrow();
    await narrow.close();
  });

  it('stay within the bound of the cache', async () => {
    const narrow = await IndexServer.start({
      upstreams: [{ id: 'main', url: upstream.url }],
      limits: { fileBytes: 700_000 }
    });
    const wheels = ['1.0', '2.0', '3.0'].map(version =>
      makeWheel('demo', version, { filler: randomBytes(300_000) })
    );
    serve(...wheels);
    for (const { filename, sha256: digest } of wheels) {
      expect(sha256(await bytesOf(await narrow.fetch(`files/demo/${filename}`)))).toBe(digest);
      // What is still on its way to its place cannot make room.
      await until(() => existsSync(join(narrow.folder, 'files', digest)));
    }
    await until(() => readdirSync(join(narrow.folder, 'files')).length === 2);
    expect(existsSync(join(narrow.folder, 'files', wheels[0]?.sha256 ?? ''))).toBe(false);
    await narrow.close();
  });

  it('without a hash are passed on, not kept, and said to have none', async () => {
    serve({ ...wheel, promised: null });
    expect(sha256(await bytesOf(await index.fetch(path)))).toBe(wheel.sha256);
    const other = makeWheel('demo', '1.0', { filler: randomBytes(1000) });
    serve({ ...other, promised: null });
    expect(sha256(await bytesOf(await index.fetch(path)))).toBe(other.sha256);
    await until(() => outcomes().length === 2);
    expect(index.events.at(-1)).toMatchObject({ outcome: 'served', sha256: null });
  });

  it.each([
    'files/demo/none.whl',
    'files/none/none.whl',
    'files/demo/..%2f..%2fetc%2fpasswd',
    'files/demo/a/b',
    'files/demo/',
    'files//x.whl'
  ])('that are none get one sentence: %s', async address => {
    const answer = await index.fetch(address);
    expect(answer.status).toBe(404);
    expect((await answer.json()).title).toMatch(/^There is no (file|project)/);
  });

  it('are described by HEAD without fetching them', async () => {
    const answer = await index.fetch(path, {}, 'HEAD');
    expect([
      answer.status,
      answer.headers.get('content-length'),
      answer.headers.get('accept-ranges')
    ]).toEqual([200, String(wheel.bytes.length), 'bytes']);
    index.block(() => true, BLOCKED);
    expect((await index.fetch(path, {}, 'HEAD')).status).toBe(403);
    expect(upstream.count('/files/')).toBe(0);
  });

  it('are passed on with their provenance', async () => {
    serve({ ...wheel, provenance: `../../files/demo/${wheel.filename}.provenance` });
    const page = await (
      await index.fetch('simple/demo/?format=application/vnd.pypi.simple.v1%2Bjson')
    ).json();
    expect(page.files[0].provenance).toBe(`../../files/demo/${wheel.filename}.provenance`);
    expect(await (await index.fetch(`${path}.provenance`)).json()).toEqual({
      version: 1,
      attestation_bundles: []
    });
  });
});

describe('credentials of an upstream index', () => {
  it('go to its own origin alone, and are in no message', async () => {
    const upstream = await UpstreamServer.start();
    const files = await UpstreamServer.start();
    const wheel = makeWheel('demo', '1.0');
    files.projects.set('demo', { files: [wheel] });
    upstream.projects.set('demo', { files: [wheel] });
    upstream.instead = (request, response) => {
      if (request.url?.startsWith('/files/')) {
        const target = files.url.replace('/simple/', request.url);
        response.writeHead(302, { location: target }).end();
        return true;
      }
      return false;
    };
    const index = await IndexServer.start({
      upstreams: [{ id: 'main', url: upstream.url.replace('//', '//robot:s3cret@') }]
    });
    expect(sha256(await bytesOf(await index.fetch(`files/demo/${wheel.filename}`)))).toBe(wheel.sha256);
    const basic = `Basic ${Buffer.from('robot:s3cret').toString('base64')}`;
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
    expect(files.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    await upstream.close();
    index.nowMs += 2 * 3600_000;
    await index.fetch('simple/demo/');
    expect(JSON.stringify(index.events)).not.toContain('s3cret');
    await index.close();
    await files.close();
  });
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function bytesOf(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

function answerOf(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { agent: false }, resolve).once('error', reject));
}

async function digestOf(url: string): Promise<string> {
  return digestOfAnswer(await answerOf(url));
}

async function digestOfAnswer(answer: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of answer) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
