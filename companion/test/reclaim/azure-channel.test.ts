import { AzureChannel } from '../../src/reclaim/cloud/azure-channel.js';
import { until } from '../until.js';
import { FakeMetadata } from './fake-metadata.js';
import { Heard } from './heard.js';
import { LoopClock } from './loop-clock.js';

const EVENTS = '/metadata/scheduledevents';
const MINUTE = 60_000;

describe('the channel of Azure', () => {
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

  const start = (): Heard => heard.start(new AzureChannel({ baseUrl: fake.url, clock }));
  const asked = (): number => fake.askedFor(EVENTS).length;
  const pass = (ms: number): Promise<void> => clock.pass(ms);
  const preempt = {
    EventId: '602d9444-d2cd-49c7-8624-8643e7171297',
    EventType: 'Preempt',
    ResourceType: 'VirtualMachine',
    Resources: ['spot_7'],
    EventStatus: 'Scheduled',
    NotBefore: 'Tue, 24 Nov 2026 14:00:33 GMT',
    Description: '',
    EventSource: 'Platform',
    DurationInSeconds: -1
  };

  it('tells of the events of this machine, from its announcement to its end', async () => {
    start();
    await clock.pausing();
    expect(heard.now).toEqual([]);
    fake.azure.events = [{ ...preempt, EventId: 'other', Resources: ['spot_1', 'spot_2'] }, preempt];
    await pass(3000);
    expect(heard.now).toEqual([
      {
        key: preempt.EventId,
        kind: 'reclaim',
        deadlineMs: Date.UTC(2026, 10, 24, 14, 0, 33),
        source: 'Azure',
        revision: preempt.NotBefore
      }
    ]);
    fake.azure.events = [{ ...preempt, EventStatus: 'Started', NotBefore: '' }];
    await pass(3000);
    expect(heard.now).toMatchObject([{ deadlineMs: null }]);
    fake.azure.events = [];
    await pass(3000);
    expect(heard.now).toEqual([]);
  });

  it('waits two minutes for the first answer, which switches the service on', async () => {
    fake.azure.firstAnswerMs = 2 * MINUTE;
    fake.azure.events = [{ ...preempt, NotBefore: 'Tue, 24 Nov 2026 14:02:30 GMT' }];
    start();
    await until(() => asked() === 1);
    clock.advance(2 * MINUTE - 1);
    expect(heard.all).toEqual([]);
    expect(asked()).toBe(1);
    clock.advance(1);
    await until(() => heard.now.length === 1);
    expect(heard.troubles).toEqual([]);
  });

  it('waits five seconds for later ones, and as long as at first after a failure', async () => {
    start();
    await clock.pausing();
    fake.broken = 'hang';
    clock.advance(3000);
    await until(() => asked() === 2);
    clock.advance(5000);
    await clock.pausing();
    fake.broken = null;
    fake.azure.firstAnswerMs = 2 * MINUTE;
    clock.advance(1000);
    await until(() => asked() === 3);
    const told = heard.all.length;
    clock.advance(2 * MINUTE);
    await until(() => heard.all.length > told);
    expect(asked()).toBe(3);
  });

  it('never sends anything but questions', async () => {
    fake.azure.events = [preempt];
    start();
    await clock.pausing();
    for (let round = 0; round < 20; round++) {
      await pass(3000);
    }
    expect(new Set(fake.asked.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(fake.asked.every(({ headers }) => headers['metadata'] === 'true')).toBe(true);
    expect(fake.askedFor('compute/name')).toHaveLength(1);
  });

  it.each([
    ['is a captive portal', () => (fake.broken = 'portal'), /for the name of the machine/],
    ['has a name that is none', () => (fake.azure.name = '../../x y'), /for the name of the machine/],
    ['sends nonsense', () => (fake.azure.events = [{ EventId: 5 }]), /has an event that is not known/]
  ])('leaves a service alone that %s, with one sentence', async (_what, change, why) => {
    change();
    start();
    await pass(2000);
    await pass(10_000);
    expect(heard.troubles).toHaveLength(1);
    expect(heard.troubles[0]).toMatch(why);
    expect(heard.all).toEqual([]);
    const { length } = fake.asked;
    clock.advance(299_999);
    expect(fake.asked).toHaveLength(length);
  });

  it('leaves a service alone that never answers, with one connection waiting at a time', async () => {
    start();
    await clock.pausing();
    fake.broken = 'hang';
    clock.advance(3000);
    for (const [asked, waitMs, pauseMs] of [
      [2, 5000, 1000],
      [3, 125_000, 2000],
      [4, 125_000, 5000]
    ] as const) {
      await until(() => fake.askedFor(EVENTS).length === asked);
      clock.advance(waitMs - 1);
      expect(fake.askedFor(EVENTS)).toHaveLength(asked);
      clock.advance(1);
      await clock.pausing();
      clock.advance(pauseMs);
    }
    expect(heard.troubles).toEqual([expect.stringMatching(/did not answer within 125000 ms/)]);
  });
});
