import { AwsChannel } from '../../src/reclaim/cloud/aws-channel.js';
import { until } from '../until.js';
import { blockedAddress } from './blocked-address.js';
import { FakeMetadata, type Broken } from './fake-metadata.js';
import { Heard } from './heard.js';
import { LoopClock } from './loop-clock.js';

const SPOT = 'spot/instance-action';

describe('the channel of AWS', () => {
  let clock: LoopClock;
  let fake: FakeMetadata;
  let heard: Heard;

  beforeEach(async () => {
    clock = new LoopClock();
    fake = new FakeMetadata(clock);
    await fake.listen();
    heard = new Heard();
  });

  afterEach(() => {
    heard.stop();
    fake.close();
  });

  const start = (url = fake.url): Heard => heard.start(new AwsChannel({ baseUrl: url, clock }));
  const pass = (ms: number): Promise<void> => clock.pass(ms);
  const at = (ms: number): string => new Date(clock.wallMs() + ms).toISOString().replace(/\.\d+Z$/, 'Z');

  it('gets a token, asks every five seconds and hears the notice', async () => {
    start();
    await clock.pausing();
    expect(heard.now).toEqual([]);
    expect(fake.asked[0]).toMatchObject({
      method: 'PUT',
      url: '/latest/api/token',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' }
    });
    const deadlineMs = clock.wallMs() + 120_000;
    fake.aws.action = { action: 'terminate', time: at(120_000) };
    await pass(5000);
    expect(heard.now).toEqual([{ key: 'terminate', kind: 'reclaim', deadlineMs, source: 'AWS' }]);
    expect(fake.askedFor('token')).toHaveLength(1);
    expect(heard.troubles).toEqual([]);
    // One connection serves all.
    expect(new Set(fake.asked.map(({ headers }) => headers.connection))).toEqual(new Set(['keep-alive']));
  });

  it('asks for nothing but these five, and changes nothing', async () => {
    start();
    await clock.pausing();
    for (let round = 0; round < 30; round++) {
      await pass(5000);
    }
    expect([...new Set(fake.asked.map(({ method, url }) => `${method} ${url}`))].sort()).toEqual([
      'GET /latest/meta-data/autoscaling/target-lifecycle-state',
      'GET /latest/meta-data/events/maintenance/scheduled',
      'GET /latest/meta-data/events/recommendations/rebalance',
      'GET /latest/meta-data/spot/instance-action',
      'PUT /latest/api/token'
    ]);
    // In 150 s: 31 for the spot notice, one in three for the scaling group, three of each of the others.
    expect(fake.askedFor(SPOT)).toHaveLength(31);
    expect(fake.askedFor('autoscaling')).toHaveLength(11);
    expect(fake.askedFor('maintenance')).toHaveLength(3);
  });

  it('fetches a new token when the old one is refused, and before it ends', async () => {
    start();
    await clock.pausing();
    fake.forgetTokens();
    await pass(5000);
    expect(fake.askedFor('token')).toHaveLength(2);
    await pass(6 * 3600_000 - 61_000);
    expect(fake.askedFor('token')).toHaveLength(2);
    await pass(5000);
    expect(fake.askedFor('token')).toHaveLength(3);
    expect(heard.troubles).toEqual([]);
  });

  it('does without a token where the answer is lost on its second hop, if version 1 is allowed', async () => {
    fake.aws.tokenAnswers = false;
    fake.aws.version1 = true;
    fake.aws.action = { action: 'stop', time: at(120_000) };
    start();
    await until(() => fake.askedFor('token').length === 1);
    clock.advance(1000);
    await clock.pausing();
    expect(heard.now).toMatchObject([{ key: 'stop' }]);
    // Not lost again at every question.
    await pass(5000);
    expect(fake.askedFor('token')).toHaveLength(1);
  });

  it('leaves it alone where neither version answers', async () => {
    fake.aws.tokenAnswers = false;
    start();
    await until(() => fake.askedFor('token').length === 1);
    clock.advance(1000);
    await pass(2000);
    await pass(10_000);
    expect(fake.askedFor(SPOT)).toHaveLength(3);
    expect(heard.troubles).toEqual([
      'The metadata service of AWS gives no token, and no answer without one (401). It is left alone and asked again ' +
        'every few minutes; other notices of a reclaim do not depend on it.'
    ]);
  });

  it('leaves it alone when it refuses its own tokens', async () => {
    fake.aws.tokenSeconds = 0;
    start();
    await pass(2000);
    await pass(10_000);
    expect(fake.askedFor('token')).toHaveLength(4);
    expect(heard.troubles).toEqual([expect.stringMatching(/^The metadata .* refuses its own token \(401\)/)]);
  });

  it('tells of scaling group and maintenance, the latter from an hour before', async () => {
    const reboot = {
      NotBefore: '24 Nov 2026 16:00:00 GMT',
      Code: 'system-reboot',
      Description: 'scheduled reboot',
      EventId: 'instance-event-1',
      NotAfter: '24 Nov 2026 18:00:00 GMT',
      State: 'active'
    };
    fake.aws.maintenance = [reboot];
    start();
    await clock.pausing();
    expect(heard.now).toEqual([]);
    await pass(3600_000);
    expect(heard.now).toMatchObject([{ key: 'instance-event-1', kind: 'maintenance' }]);
    fake.aws.lifecycle = 'Terminated';
    await pass(60_000);
    expect(heard.now).toMatchObject([
      { key: 'target-lifecycle-state', kind: 'reclaim', deadlineMs: null },
      { key: 'instance-event-1' }
    ]);
    fake.aws.maintenance = null;
    fake.aws.lifecycle = 'InService';
    await pass(60_000);
    expect(heard.now).toEqual([]);
  });

  it('makes no notice of a recommendation, and looks more often after it', async () => {
    fake.aws.rebalance = '2026-11-24T14:00:00Z';
    start();
    await clock.pausing();
    expect(heard.now).toEqual([]);
    await pass(2000);
    expect(fake.askedFor(SPOT)).toHaveLength(2);
  });

  it('keeps what it heard while the service is away, and asks again within seconds', async () => {
    fake.aws.action = { action: 'terminate', time: at(120_000) };
    start();
    await clock.pausing();
    fake.broken = 'reset';
    const told = heard.all.length;
    await pass(5000);
    await pass(1000);
    expect(heard.all).toHaveLength(told);
    expect(heard.now).toMatchObject([{ key: 'terminate' }]);
    fake.broken = null;
    fake.aws.action = null;
    await pass(2000);
    expect(heard.now).toEqual([]);
  });

  it('tells the notice although the paths after it do not answer', async () => {
    fake.aws.action = { action: 'terminate', time: at(120_000) };
    start();
    await until(() => fake.askedFor(SPOT).length === 1);
    fake.broken = 'hang';
    await until(() => heard.now.length === 1);
  });

  it.each<[Exclude<Broken, null>, RegExp]>([
    ['portal', /answered 200 with "<html><head><title>Log in/],
    ['oversized', /answered with more than 65536 bytes/],
    ['redirect', /answered 302, which sends elsewhere/],
    ['reset', /failed: /],
    ['half', /broke off its answer/]
  ])(
    'leaves a service that is broken (%s) alone after three tries, with one sentence',
    async (broken, why) => {
      fake.broken = broken;
      start();
      await pass(2000);
      await pass(10_000);
      expect(heard.troubles).toEqual([
        expect.stringMatching(
          /^The metadata service of AWS .* It is left alone and asked again every few minutes;/
        )
      ]);
      expect(heard.troubles[0]).toMatch(why);
      expect(heard.all).toEqual([]);
      const { length } = fake.asked;
      clock.advance(299_999);
      expect(fake.asked).toHaveLength(length);
      // Once more, and then nothing is said again.
      await pass(1);
      expect(fake.asked.length).toBeGreaterThan(length);
      expect(heard.troubles).toHaveLength(1);
    }
  );

  it('gives every question to a service that never answers one second', async () => {
    fake.broken = 'hang';
    start();
    // In the first round the token is asked for too.
    for (const [asked, pauseMs] of [
      [1, null],
      [2, 2000],
      [3, 10_000],
      [4, 299_999]
    ] as const) {
      await until(() => fake.asked.length === asked);
      clock.advance(1000);
      if (pauseMs !== null) {
        await clock.pausing();
        clock.advance(pauseMs);
      }
    }
    expect(fake.asked).toHaveLength(4);
    expect(heard.troubles).toEqual([
      expect.stringMatching(/^The metadata .* did not answer within 1000 ms\. It is/)
    ]);
    // Meanwhile there is one timer and nothing else.
    expect(clock.pending).toBe(1);
  });

  it('gives up within a second where packets are dropped, and costs a timer then', async () => {
    const blocked = await blockedAddress();
    try {
      start(blocked.url);
      for (const pauseMs of [2000, 10_000, 299_999]) {
        // The bounds on connecting and on answering.
        await until(() => clock.pending === 2);
        clock.advance(1000);
        await clock.pausing();
        clock.advance(pauseMs);
      }
      expect(heard.troubles).toEqual([
        'The metadata service of AWS did not take a connection within 1000 ms. It is left alone and asked again every ' +
          'few minutes; other notices of a reclaim do not depend on it.'
      ]);
      // Meanwhile there is one timer and nothing else.
      expect(clock.pending).toBe(1);
    } finally {
      blocked.close();
    }
  }, 20_000);
});
