import { randomBytes } from 'node:crypto';
import { IndexServer } from './support/index-server.js';
import { made, makeWheel, makeZip, metadataOf } from './support/make-wheel.js';
import { UpstreamServer, type IServedFile } from './support/upstream-server.js';

const NAME = 'demo-1.0-py3-none-any.whl';
const METADATA = Buffer.from(metadataOf('demo', '1.0'));
const entry = (
  name: string,
  data: Buffer = METADATA,
  rest: object = {}
): Parameters<typeof makeZip>[0][number] => ({
  name,
  data,
  ...rest
});
const RIGHT = entry('demo-1.0.dist-info/METADATA');

describe('metadata of wheels', () => {
  let upstream: UpstreamServer;
  let index: IndexServer;
  const serve = (...files: readonly IServedFile[]): void => void upstream.projects.set('demo', { files });
  const ask = (): Promise<Response> => index.fetch(`files/demo/${NAME}.metadata`);

  beforeEach(async () => {
    upstream = await UpstreamServer.start();
    index = await IndexServer.start({ upstreams: [{ id: 'main', url: upstream.url }] });
  });
  afterEach(async () => {
    await index.close();
    await upstream.close();
  });

  it('are made of the tail of a large wheel, once for all who ask', async () => {
    serve(makeWheel('demo', '1.0', { filler: randomBytes(5_000_000), requires: ['numpy>=2'] }));
    const answers = await Promise.all(Array.from({ length: 30 }, ask));
    for (const answer of answers) {
      expect(await answer.text()).toBe(metadataOf('demo', '1.0', ['numpy>=2']));
    }
    expect(
      upstream.requests.filter(({ path }) => path.startsWith('/files/')).map(({ headers }) => headers.range)
    ).toEqual(['bytes=-67584']);
    expect(index.events.filter(({ kind }) => kind === 'metadata')).toHaveLength(30);
  });

  it('are found before the tail, too', async () => {
    const filler = Array.from({ length: 3000 }, (_, place) =>
      entry(`demo/${'long-name-'.repeat(4)}${place}.py`, Buffer.from('x'))
    );
    serve(made(NAME, makeZip([RIGHT, entry('demo/data.bin', randomBytes(2_000_000)), ...filler])));
    expect(await (await ask()).text()).toBe(METADATA.toString());
  });

  it('are made of the whole where the upstream index sends no parts', async () => {
    upstream.knowsRanges = false;
    const wheel = makeWheel('demo', '1.0', { filler: randomBytes(500_000) });
    serve(wheel);
    expect(await (await ask()).text()).toBe(METADATA.toString());
    await index.fetch(`files/demo/${NAME}`).then(answer => answer.arrayBuffer());
    expect(upstream.count('/files/')).toBe(2);
  });

  it('are those of the upstream index where it has them, and only with the hash that it promised', async () => {
    serve({ ...makeWheel('demo', '1.0'), metadata: METADATA });
    const page = await (
      await index.fetch('simple/demo/?format=application/vnd.pypi.simple.v1%2Bjson')
    ).json();
    expect(page.files[0]['core-metadata']).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await (await ask()).text()).toBe(METADATA.toString());
    expect(upstream.count('.metadata')).toBe(1);
    expect(upstream.count('/files/')).toBe(1);
  });

  it('with another hash than promised are refused and told', async () => {
    serve({ ...makeWheel('demo', '1.0'), metadata: METADATA });
    upstream.instead = (request, response) => {
      if (request.url?.endsWith('.metadata')) {
        response.writeHead(200).end('Name: evil\n');
        return true;
      }
      return false;
    };
    expect((await ask()).status).toBe(502);
    expect(index.events).toContainEqual(
      expect.objectContaining({ kind: 'wrong-hash', filename: `${NAME}.metadata` })
    );
  });

  it('do not come with source distributions', async () => {
    serve(made('demo-1.0.tar.gz', Buffer.from('x')));
    expect((await index.fetch('files/demo/demo-1.0.tar.gz.metadata')).status).toBe(404);
  });

  it.each([
    ['no zip', Buffer.from('not a wheel'), /cannot be read/],
    ['empty', Buffer.alloc(0), /cannot be/],
    ['truncated', makeZip([RIGHT, entry('demo/x', randomBytes(1000))]).subarray(0, -30), /cannot be read/],
    ['without METADATA', makeZip([entry('demo/x')]), /holds no METADATA/],
    ['with two of them', makeZip([RIGHT, entry('other-1.0.dist-info/METADATA')]), /more than one METADATA/],
    ['of another project', makeZip([entry('evil-1.0.dist-info/METADATA')]), /of something else/],
    ['of another version', makeZip([entry('demo-2.0.dist-info/METADATA')]), /of something else/],
    [
      'with a path that leads elsewhere',
      makeZip([RIGHT, entry('../../etc/cron.d/x')]),
      /invalid relative path/
    ],
    ['with an absolute path', makeZip([RIGHT, entry('/etc/passwd')]), /absolute path/],
    [
      'a bomb that says so',
      makeZip([entry('demo-1.0.dist-info/METADATA', Buffer.alloc(50_000_000), { deflated: true })]),
      /would unpack to 50000000 bytes/
    ],
    [
      'a bomb that lies',
      makeZip([
        entry('demo-1.0.dist-info/METADATA', Buffer.alloc(50_000_000), { deflated: true, declaredBytes: 100 })
      ]),
      /too many bytes/
    ]
  ])('of a wheel that is %s are refused with a sentence', async (_name, bytes, message) => {
    serve(made(NAME, bytes));
    const answer = await ask();
    expect(answer.status).toBe(502);
    const { title, detail } = await answer.json();
    expect(title).toBe(`The metadata of ${NAME} cannot be had from the index main.`);
    expect(detail).toMatch(message);
    expect(index.events).toContainEqual(
      expect.objectContaining({ kind: 'trouble', project: 'demo', message: detail })
    );
  });
});
