import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BLOCKED, IndexServer } from './support/index-server.js';

const FILES = 150_000;
const JSON_FORM = 'application/vnd.pypi.simple.v1+json';

jest.setTimeout(60_000);

describe('a page of nearly 50 MB', () => {
  let upstream: Server;
  let index: IndexServer;

  beforeAll(async () => {
    upstream = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': JSON_FORM });
      response.write('{"files":[');
      for (let place = 0; place < FILES; place += 1000) {
        response.write(Array.from({ length: 1000 }, (_, at) => entry(place + at)).join(''));
      }
      response.end(
        '],"meta":{"api-version":"1.4"},"versions":["1.0"]}'.replace(/^/, entry(FILES).slice(0, -1))
      );
    });
    await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    index = await IndexServer.start({ upstreams: [{ id: 'main', url: `http://127.0.0.1:${port}/` }] });
    index.block(({ version }) => version?.endsWith('.7') ?? false);
  });
  afterAll(async () => {
    await index.close();
    upstream.close();
  });

  it('is served whole, compressed or not, and its files are found', async () => {
    const answer = await index.fetch('simple/large/', { accept: JSON_FORM });
    expect(answer.status).toBe(200);
    const page = await answer.json();
    expect(page.files).toHaveLength(FILES + 1);
    expect(page.files[FILES]).toMatchObject({ filename: `large-1.${FILES}.tar.gz` });
    expect(page.versions).toEqual(['1.0']);
    const plain = await index.fetch('simple/large/', { accept: JSON_FORM, 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect((await plain.arrayBuffer()).byteLength).toBe(Number(plain.headers.get('content-length')));
    expect((await index.fetch(`files/large/large-1.${FILES}.tar.gz`, {}, 'HEAD')).status).toBe(200);
    const event = index.events.find(({ kind }) => kind === 'page');
    expect(event).toMatchObject({ blockedCount: 1, blocked: [{ decision: BLOCKED.decision }] });
    index.block(() => true);
    await index.fetch('simple/large/', { accept: JSON_FORM }, 'HEAD');
    const last = index.events.at(-1);
    expect(last?.kind === 'page' && [last.blockedCount, last.blocked.length]).toEqual([FILES + 1, 2000]);
  });
});

function entry(place: number): string {
  const file = {
    filename: `large-1.${place}.tar.gz`,
    url: `https://files.example/packages/aa/bb/large-1.${place}.tar.gz`,
    hashes: { sha256: place.toString(16).padStart(64, '0') },
    'requires-python': '>=3.9',
    size: place,
    'upload-time': '2026-01-01T00:00:00.000000Z',
    yanked: false
  };
  return `${JSON.stringify(file)},`;
}
