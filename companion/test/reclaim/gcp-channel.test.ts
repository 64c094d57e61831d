import { GcpChannel } from '../../src/reclaim/cloud/gcp-channel.js';
import { until } from '../until.js';
import { FakeMetadata } from './fake-metadata.js';
import { Heard } from './heard.js';
import { LoopClock } from './loop-clock.js';

const PREEMPTED = 'instance/preempted';
const MAINTENANCE = 'instance/maintenance-event';

describe('the channel of Google Cloud', () => {
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

  const start = (): Heard => heard.start(new GcpChannel({ baseUrl: fake.url, clock }));
  const waits = (key: string) => fake.askedFor(key).filter(({ url }) => url.includes('wait_for_change'));
  /** Until both values are waited for. */
  const waiting = async (): Promise<void> => {
    await clock.pausing(2);
    clock.advance(1000);
    await until(() => waits(PREEMPTED).length === 1 && waits(MAINTENANCE).length === 1);
  };

  it('waits for a change and tells of a preemption at once', async () => {
    start();
    await waiting();
    expect(heard.now).toEqual([]);
    expect(fake.asked.every(({ headers }) => headers['metadata-flavor'] === 'Google')).toBe(true);
    expect(waits(PREEMPTED)[0]?.url).toMatch(
      /^\/computeMetadata\/v1\/instance\/preempted\?wait_for_change=true&timeout_sec=60&last_etag=[0-9a-f]{16}$/
    );
    clock.advance(20_000);
    fake.setGcp(PREEMPTED, 'TRUE');
    await until(() => heard.now.length === 1);
    expect(heard.now).toMatchObject([
      { key: 'preempted', kind: 'reclaim', deadlineMs: clock.wallMs() + 30_000, source: 'Google Cloud' }
    ]);
  });

  it('counts the 30 seconds from the first word, however often it is repeated', async () => {
    start();
    await waiting();
    clock.advance(20_000);
    fake.setGcp(PREEMPTED, 'TRUE');
    await until(() => heard.now.length === 1);
    const { deadlineMs } = heard.now[0] ?? {};
    // The answer to the other question came with it, as it was.
    await clock.pausing(2);
    clock.advance(0);
    await until(() => waits(PREEMPTED).length === 2 && waits(MAINTENANCE).length === 2);
    clock.advance(60_000);
    await clock.pausing(2);
    expect(heard.now).toMatchObject([{ key: 'preempted', deadlineMs }]);
    expect(heard.all.length).toBeGreaterThanOrEqual(6);
  });

  it('tells of maintenance and that it is over', async () => {
    start();
    await waiting();
    fake.setGcp(MAINTENANCE, 'TERMINATE_ON_HOST_MAINTENANCE');
    await until(() => heard.now.length === 1);
    expect(heard.now).toMatchObject([{ kind: 'maintenance', deadlineMs: null }]);
    await clock.pausing(2);
    clock.advance(1000);
    await until(() => waits(MAINTENANCE).length === 2);
    fake.setGcp(MAINTENANCE, 'NONE');
    await until(() => heard.now.length === 0);
  });

  it('asks again within seconds after a 503, and says nothing about it', async () => {
    start();
    await waiting();
    fake.gcp.unavailable = 2;
    clock.advance(20_000);
    // Both questions are answered, and both next ones with 503.
    fake.setGcp(PREEMPTED, 'FALSE');
    await clock.pass(0, 2);
    expect(fake.gcp.unavailable).toBe(0);
    clock.advance(1000);
    await until(() => waits(PREEMPTED).length === 3 && waits(MAINTENANCE).length === 3);
    fake.setGcp(PREEMPTED, 'TRUE');
    await until(() => heard.now.length === 1);
    expect(heard.troubles).toEqual([]);
  });

  it.each([
    [
      "GKE's own metadata server",
      (broken: FakeMetadata) => (broken.gcp.unknown = true),
      'answered 404 without'
    ],
    [
      'somebody who is not Google',
      (broken: FakeMetadata) => (broken.gcp.flavor = false),
      'answered 200 without'
    ],
    ['a captive portal', (broken: FakeMetadata) => (broken.broken = 'portal'), 'answered 200 without'],
    [
      'another value',
      (broken: FakeMetadata) => broken.setGcp(PREEMPTED, 'MAYBE'),
      'answered 200 with "MAYBE"'
    ]
  ])('leaves %s alone after three tries, with one sentence', async (_who, change, why) => {
    change(fake);
    start();
    for (const [count, delayMs] of [
      [1, 2000],
      [2, 10_000],
      [3, 299_999]
    ] as const) {
      await clock.pausing();
      expect(fake.asked).toHaveLength(count);
      clock.advance(delayMs);
    }
    expect(fake.asked).toHaveLength(3);
    expect(fake.askedFor(MAINTENANCE)).toEqual([]);
    expect(heard.troubles).toHaveLength(1);
    expect(heard.troubles[0]).toContain(why);
    expect(heard.all).toEqual([]);
  });

  it('is not kept busy by a server that answers at once instead of waiting', async () => {
    fake.gcp.waits = false;
    start();
    await clock.pausing(2);
    for (let second = 0; second < 60; second++) {
      await clock.pass(1000, 2);
    }
    // Every 5 s, of two values, in a minute.
    expect(fake.asked.length).toBeLessThanOrEqual(2 + 2 * 13);
    expect(fake.asked.length).toBeGreaterThan(20);
  });
});
