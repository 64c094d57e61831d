import { ReconnectingSocket, SILENCE_MS } from '../src/reconnecting-socket.js';
import { FakeClock } from './fake-clock.js';
import { FakeSockets } from './fake-sockets.js';
import { FakeVisibility } from './fake-visibility.js';

function setUp(random = 0.5) {
  const clock = new FakeClock();
  const sockets = new FakeSockets();
  const visibility = new FakeVisibility();
  const away: string[] = [];
  const received: unknown[] = [];
  const socket = new ReconnectingSocket({
    open: () => sockets.open(),
    clock,
    visibility,
    random: () => random,
    opened: () => undefined,
    received: data => received.push(data),
    away: why => away.push(why)
  });
  socket.connect();
  return { clock, sockets, visibility, away, received, socket };
}

test('attempts that fail are repeated with growing pauses, up to 30 s', () => {
  const { clock, sockets, away } = setUp();
  for (const pauseMs of [500, 1000, 2000, 5000, 10_000, 30_000, 30_000]) {
    const tried = sockets.all.length;
    sockets.last.end();
    clock.advance(pauseMs - 1);
    expect(sockets.all).toHaveLength(tried);
    clock.advance(1);
    expect(sockets.all).toHaveLength(tried + 1);
  }
  expect(new Set(away)).toEqual(new Set(['failed']));
});

test.each([
  [0, 400],
  [1, 600]
])('chance %d spreads the first pause to %d ms', (random, pauseMs) => {
  const { clock, sockets } = setUp(random);
  sockets.last.end();
  clock.advance(pauseMs - 1);
  expect(sockets.all).toHaveLength(1);
  clock.advance(1);
  expect(sockets.all).toHaveLength(2);
});

test('a connection that held starts with a short pause again; a crash loop does not', () => {
  const { clock, sockets, away } = setUp();
  for (const pauseMs of [500, 1000, 2000]) {
    sockets.last.accept();
    sockets.last.end();
    expect(clock.delays.at(-1)).toBe(pauseMs);
    clock.advance(pauseMs);
  }
  sockets.last.accept();
  clock.advance(10_000);
  sockets.last.end();
  expect(clock.delays.at(-1)).toBe(500);
  expect(new Set(away)).toEqual(new Set(['lost']));
});

test('a URL that the browser refuses is a failed attempt, not an error', () => {
  const away: string[] = [];
  const socket = new ReconnectingSocket({
    open: () => {
      throw new SyntaxError('not a URL');
    },
    clock: new FakeClock(),
    visibility: new FakeVisibility(),
    random: () => 0.5,
    opened: () => undefined,
    received: () => undefined,
    away: why => away.push(why)
  });
  socket.connect();
  expect(away).toEqual(['failed']);
  socket.dispose();
});

test('silence on a visible page is the end of the connection; frames are not', () => {
  const { clock, sockets, away } = setUp();
  sockets.last.accept();
  for (let i = 0; i < 12; i++) {
    clock.advance(10_000);
    sockets.last.say('alive');
  }
  expect(away).toEqual([]);
  clock.advance(SILENCE_MS);
  expect(away).toEqual(['lost']);
  expect(sockets.all[0]?.isClosed).toBe(true);
  clock.advance(500);
  expect(sockets.all).toHaveLength(2);
});

test('a hidden page expects nothing, and tries nothing until somebody looks', () => {
  const { clock, sockets, visibility, away } = setUp();
  sockets.last.accept();
  visibility.set(true);
  clock.advance(3_600_000);
  expect(away).toEqual([]);
  sockets.last.end();
  clock.advance(3_600_000);
  expect(sockets.all).toHaveLength(1);
  visibility.set(false);
  expect(sockets.all).toHaveLength(2);
});

test('a page that is looked at again gives the other side its time before silence counts', () => {
  const { clock, sockets, visibility, away } = setUp();
  sockets.last.accept();
  visibility.set(true);
  clock.advance(60_000);
  visibility.set(false);
  clock.advance(SILENCE_MS - 1);
  expect(away).toEqual([]);
  clock.advance(1);
  expect(away).toEqual(['lost']);
});

test('a clock that was set back does not hide silence', () => {
  const { clock, sockets, away } = setUp();
  sockets.last.accept();
  clock.sleep(-3_600_000);
  sockets.last.say('alive');
  clock.advance(2 * SILENCE_MS);
  expect(away).toEqual(['lost']);
});

test('a close for another protocol ends all attempts', () => {
  const { clock, sockets, away } = setUp();
  sockets.last.accept();
  sockets.last.end(4409);
  clock.advance(3_600_000);
  expect(away).toEqual(['mismatch']);
  expect(sockets.all).toHaveLength(1);
});

test('disposed, it closes its connection and makes no other', () => {
  const { clock, sockets, visibility, socket } = setUp();
  sockets.last.accept();
  socket.dispose();
  expect(sockets.last.isClosed).toBe(true);
  visibility.set(true);
  visibility.set(false);
  socket.connect();
  clock.advance(3_600_000);
  expect(sockets.all).toHaveLength(1);
});
