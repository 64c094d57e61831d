import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { batchDurable, journalState, Receiver } from '@labkeeper/protocol';
import fc from 'fast-check';
import type { IAwayReason } from '../src/away-reason.js';
import { CompanionClient } from '../src/companion-client.js';
import { FakeClock } from './fake-clock.js';
import { FakeSockets } from './fake-sockets.js';
import { FakeVisibility } from './fake-visibility.js';
import { companionFixtures, fixture, type IFixture } from './fixture.js';

const HELLO = fixture('hello');
const REFUSED: IAwayReason = { sentence: 'The companion starts.', disabled: false, countsAsActivity: false };
const MISMATCH = /of different versions\. Reload the page; if that does not help, restart the server/;

function setUp(disable = '', reason = REFUSED) {
  const clock = new FakeClock();
  const sockets = new FakeSockets();
  const visibility = new FakeVisibility();
  const asked: number[] = [];
  const client = new CompanionClient({
    serverSettings: ServerConnection.makeSettings({
      baseUrl: 'http://127.0.0.1:8888/user/a/',
      wsUrl: 'ws://127.0.0.1:8888/user/a/',
      token: 'secret & more',
      appendToken: true
    }),
    translator: nullTranslator,
    visibility,
    client: 'lab',
    build: 'test',
    disable,
    openSocket: sockets.open,
    clock,
    random: () => 0.5,
    askWhy: () => {
      asked.push(clock.now());
      return Promise.resolve(reason);
    }
  });
  const states: string[] = [];
  client.stateChanged.connect((_, state) => states.push(state));
  const say = (message: IFixture, changes: object = {}): void =>
    sockets.last.say(JSON.stringify({ method: message.method, params: { ...message.params, ...changes } }));
  const connect = (): void => {
    sockets.last.accept();
    say(HELLO);
  };
  return { client, clock, sockets, visibility, asked, states, say, connect };
}

const settled = () => new Promise(resolve => setTimeout(resolve));

test('connected, it has said hello and nothing else, and has no reason to give', () => {
  const { client, sockets, clock, connect, say } = setUp();
  expect(sockets.last.url).toBe('ws://127.0.0.1:8888/user/a/labkeeper/ws?token=secret%20%26%20more');
  expect(client.state).toBe('connecting');
  connect();
  expect([client.state, client.reason]).toEqual(['connected', '']);
  for (let i = 0; i < 60; i++) {
    clock.advance(1000);
    say(fixture('usage-sample'));
  }
  expect(sockets.last.sent.map(text => JSON.parse(text))).toEqual([
    { method: 'hello', params: { protocol: 1, build: 'test', client: 'lab', visible: true } }
  ]);
});

test('a lost companion is said to be lost, then why, and is found again after growing pauses', async () => {
  const { client, clock, sockets, connect, asked, states } = setUp();
  connect();
  clock.advance(60_000 / 4);
  sockets.last.end();
  expect(client.state).toBe('away');
  expect(client.reason).toBe('The connection to the companion was lost; it is being made again.');
  expect(asked).toHaveLength(0);
  const pausesMs = [500, 1000, 2000, 5000];
  for (const pauseMs of pausesMs) {
    clock.advance(pauseMs);
    sockets.last.end();
    await settled();
    expect(client.reason).toBe('The companion starts.');
  }
  expect(sockets.all).toHaveLength(1 + pausesMs.length);
  // A refusal is no activity at a hub, so each failed attempt may ask.
  expect(asked).toHaveLength(pausesMs.length);
  clock.advance(10_000);
  connect();
  expect([client.state, client.reason]).toEqual(['connected', '']);
  expect(states[0]).toBe('connected');
  expect(states.at(-1)).toBe('connected');
});

test('a success, which a hub counts as activity, is asked for once', async () => {
  const { clock, sockets, asked } = setUp('', { ...REFUSED, countsAsActivity: true });
  for (let i = 0; i < 5; i++) {
    sockets.last.end();
    await settled();
    clock.advance(30_000);
  }
  expect(asked).toHaveLength(1);
});

test.each([0, 2])('a companion of protocol %d is a mismatch: said, and not tried again', protocol => {
  const { client, clock, sockets, say } = setUp();
  sockets.last.accept();
  say(HELLO, { protocol });
  expect(client.state).toBe('away');
  expect(client.reason).toMatch(MISMATCH);
  expect(sockets.last.isClosed).toBe(true);
  clock.advance(3_600_000);
  expect(sockets.all).toHaveLength(1);
  // Somebody updated and presses "Retry".
  client.reconnect();
  expect(sockets.all).toHaveLength(2);
});

test('a companion that closes for the page’s protocol (4409) is the same mismatch', () => {
  const { client, clock, sockets } = setUp();
  sockets.last.accept();
  sockets.last.end(4409);
  expect(client.state).toBe('away');
  expect(client.reason).toMatch(MISMATCH);
  clock.advance(3_600_000);
  expect(sockets.all).toHaveLength(1);
});

test('switched off in the page’s own configuration, nothing is tried', () => {
  const { client, sockets } = setUp('1');
  expect(client.state).toBe('disabled');
  expect(client.isDisabled('meter')).toBe(true);
  expect(sockets.all).toHaveLength(0);
});

test('switched off by the server’s answer, it stays off', async () => {
  const { client, clock, sockets } = setUp('', { ...REFUSED, disabled: true });
  sockets.last.end();
  await settled();
  expect(client.state).toBe('disabled');
  clock.advance(3_600_000);
  client.reconnect();
  expect(sockets.all).toHaveLength(1);
});

test('a part that is switched off silences nothing: a dead connection is noticed all the same', () => {
  const { client, clock, sockets, say } = setUp();
  sockets.last.accept();
  say(HELLO, { disabled: ['meter'] });
  expect(client.isDisabled('meter')).toBe(true);
  clock.advance(20_000);
  expect(client.state).toBe('away');
  clock.advance(500);
  expect(sockets.all).toHaveLength(2);
});

test('a second hello on the same connection brings facts and takes nothing', () => {
  const { client, say, connect, states } = setUp();
  connect();
  say(fixture('usage-sample'));
  say(fixture('kernels-changed'));
  const { sample, kernels } = client;
  expect(sample).not.toBeNull();
  say(HELLO, {
    machine: { hostname: 'h', platform: 'Linux', cpuModel: 'later', cpuCores: 2, memoryBytes: null }
  });
  expect(client.info?.machine.cpuModel).toBe('later');
  expect(client.sample).toBe(sample);
  expect(client.kernels).toBe(kernels);
  expect(states).toEqual(['connected']);
});

test('another companion takes away what only the one before knew', () => {
  const { client, sockets, clock, say, connect } = setUp();
  connect();
  say(fixture('usage-sample'));
  say(fixture('kernels-changed'));
  sockets.last.end();
  clock.advance(500);
  sockets.last.accept();
  say(HELLO, { boot: 'another' });
  expect(client.sample).toBeNull();
  expect(client.kernels).toEqual([]);
});

test('a laptop that slept for an hour: silence is noticed, and the deaths since are known', () => {
  const { client, clock, sockets, say, connect } = setUp();
  const known: string[][] = [];
  client.deathsKnown.connect((_, deaths) => known.push(deaths.map(({ id }) => id)));
  connect();
  say(fixture('usage-sample'));
  clock.advance(5000);
  clock.sleep(3_600_000);
  expect(client.state).toBe('connected');
  clock.advance(20_000);
  expect(client.state).toBe('away');
  // It took the sleeping connection's place within the first short pause.
  expect(sockets.all).toHaveLength(2);
  connect();
  expect(client.state).toBe('connected');
  say(fixture('kernel-deaths'));
  expect(known).toHaveLength(1);
  expect(known[0]).not.toHaveLength(0);
  expect(client.deaths.map(({ id }) => id)).toEqual(known[0]);
});

test('the companion hears when the page is hidden, once for each change', () => {
  const { sockets, visibility, connect } = setUp();
  connect();
  visibility.set(true);
  visibility.set(true);
  visibility.set(false);
  expect(sockets.last.sent.slice(1).map(text => JSON.parse(text))).toEqual([
    { method: 'page/visibility', params: { visible: false } },
    { method: 'page/visibility', params: { visible: true } }
  ]);
});

test('10 000 frames of any kind leave the link alive, and the next good one is taken', () => {
  const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { client, sockets, say, connect } = setUp();
  connect();
  const good = companionFixtures();
  const anything = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.json({ maxDepth: 3 }),
    fc.uint8Array({ maxLength: 50 }),
    // A message of a known kind with something else in it.
    fc
      .tuple(fc.constantFrom(...good.map(({ method }) => method)), fc.jsonValue({ maxDepth: 2 }))
      .map(([method, params]) => JSON.stringify({ method, params })),
    // A true message, one of whose values is another. The protocol's number is a matter of its own.
    fc
      .tuple(fc.constantFrom(...good), fc.nat(), fc.jsonValue({ maxDepth: 1 }))
      .map(([{ method, params }, which, value]) => {
        const keys = Object.keys(params).filter(key => key !== 'protocol');
        const key = keys[which % keys.length] ?? '';
        return JSON.stringify({ method, params: { ...params, [key]: value } });
      }),
    // A true message cut short.
    fc
      .tuple(fc.constantFrom(...good), fc.nat())
      .map(([message, at]) => JSON.stringify(message).slice(0, at % JSON.stringify(message).length))
  );
  fc.assert(
    fc.property(anything, frame => sockets.last.say(frame)),
    { numRuns: 10_000, seed: 3 }
  );
  expect(client.state).toBe('connected');
  expect(sockets.all).toHaveLength(1);
  expect(client.badFrames).toBeGreaterThan(1000);
  expect(warned).toHaveBeenCalledTimes(1);
  expect(client.deaths.length).toBeLessThanOrEqual(200);
  say(fixture('usage-sample'), { atMs: 1_764_000_000_123 });
  expect(client.sample?.atMs).toBe(1_764_000_000_123);
  warned.mockRestore();
});

test('who listens late hears how things stand, and who listens hears what comes; frames go out while connected', () => {
  const { client, sockets, connect, say } = setUp();
  expect(client.send('early')).toBe(false);
  connect();
  say(fixture('save-journal-state'));
  say(fixture('save-durable'));
  const heard: string[] = [];
  const listening = client.listen(
    new Receiver().on(journalState, () => heard.push('state')).on(batchDurable, () => heard.push('durable'))
  );
  expect(heard).toEqual(['state']);
  say(fixture('save-durable'));
  expect(heard).toEqual(['state', 'durable']);
  listening.dispose();
  say(fixture('save-durable'));
  expect(heard).toHaveLength(2);
  expect(client.send('frame')).toBe(true);
  expect(sockets.last.sent.at(-1)).toBe('frame');
});

test('a hidden page makes its connection again only while somebody holds it', () => {
  const { client, clock, sockets, visibility, connect } = setUp();
  connect();
  visibility.set(true);
  sockets.last.end();
  clock.advance(120_000);
  const before = sockets.all.length;
  const hold = client.hold();
  clock.advance(120_000);
  expect(sockets.all.length).toBeGreaterThan(before);
  hold.dispose();
  sockets.last.end();
  const after = sockets.all.length;
  clock.advance(120_000);
  expect(sockets.all.length).toBe(after);
});
