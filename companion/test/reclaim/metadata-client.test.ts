import { systemClock } from '../../src/clock.js';
import { MetadataClient, MetadataProblem } from '../../src/reclaim/cloud/metadata-client.js';
import { blockedAddress } from './blocked-address.js';
import { FakeMetadata, type Broken } from './fake-metadata.js';

describe('MetadataClient', () => {
  const fake = new FakeMetadata(systemClock);
  let client: MetadataClient;

  beforeAll(() => fake.listen());
  afterAll(() => fake.close());
  beforeEach(() => {
    fake.broken = null;
    fake.asked.length = 0;
    client = new MetadataClient({ baseUrl: fake.url, clock: systemClock });
  });
  afterEach(() => client.dispose());

  const ask = (answerMs?: number) =>
    client.ask({
      path: '/metadata/instance/compute/name?x',
      headers: { metadata: 'true' },
      ...(answerMs === undefined ? {} : { answerMs })
    });

  it('gives status, text and headers', async () => {
    const answer = await ask();
    expect([answer.status, answer.text, answer.header('content-type'), answer.header('etag')]).toEqual([
      200,
      'spot_7',
      'text/plain',
      null
    ]);
  });

  it('gives up a connection that hangs after a second', async () => {
    const blocked = await blockedAddress();
    const other = new MetadataClient({ baseUrl: blocked.url, clock: systemClock });
    const startMs = performance.now();
    try {
      const problem: unknown = await other
        .ask({ path: '/latest/meta-data/', answerMs: 60_000 })
        .catch((error: unknown) => error);
      const tookMs = performance.now() - startMs;
      expect(problem).toBeInstanceOf(MetadataProblem);
      expect(problem).toMatchObject({
        connected: false,
        message: 'did not take a connection within 1000 ms'
      });
      expect(tookMs).toBeGreaterThan(900);
      expect(tookMs).toBeLessThan(3000);
    } finally {
      other.dispose();
      blocked.close();
    }
  }, 20_000);

  it('tells a port that nobody listens on from one that hangs', async () => {
    const closed = new FakeMetadata(systemClock);
    const url = await closed.listen();
    closed.close();
    const other = new MetadataClient({ baseUrl: url, clock: systemClock });
    await expect(other.ask({ path: '/' })).rejects.toMatchObject({
      connected: false,
      message: expect.stringMatching(/^failed: .*ECONNREFUSED/)
    });
    other.dispose();
  });

  it.each<[Exclude<Broken, null>, RegExp]>([
    ['hang', /^did not answer within 200 ms$/],
    ['oversized', /^answered with more than 65536 bytes$/],
    ['redirect', /^answered 302, which sends elsewhere$/],
    ['reset', /^failed: .*ECONNRESET|socket hang up/],
    ['half', /^broke off its answer: aborted$/]
  ])('does not take an answer that is broken: %s', async (broken, message) => {
    fake.broken = broken;
    await expect(ask(200)).rejects.toMatchObject({ name: 'MetadataProblem', connected: true, message });
    // A redirect is not followed.
    expect(fake.asked).toHaveLength(1);
  });

  it('asks once more when the service closed the kept connection meanwhile', async () => {
    for (let round = 0; round < 5; round++) {
      await ask();
      fake.closeIdle();
      // In the same turn as the other end closes it: the client does not know yet.
      expect((await ask()).status).toBe(200);
    }
  });

  it('ends what is under way when it is disposed of', async () => {
    fake.broken = 'hang';
    const asked = ask(60_000);
    await Promise.resolve();
    client.dispose();
    await expect(asked).rejects.toBeInstanceOf(MetadataProblem);
  });
});
