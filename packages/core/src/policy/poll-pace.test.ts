import { PollPace } from './poll-pace.js';

it('spreads the next questions of those who were told at one moment', () => {
  expect(new PollPace(() => 0).answered()).toBe(0);
  expect(new PollPace(() => 0.5).answered()).toBe(1000);
});

it('waits longer after each failure, up to 45 s, and forgets that with an answer', () => {
  const pace = new PollPace(() => 0.999);
  const waits = [1, 2, 3, 4, 5, 6].map(() => Math.round(pace.failed('away') / 1000));
  expect(waits).toEqual([8, 16, 32, 45, 45, 45]);
  pace.answered();
  expect(Math.round(pace.failed('away') / 1000)).toBe(8);
});

it('counts anew when the service answers again, though only to say: later', () => {
  const pace = new PollPace(() => 0.5);
  for (let i = 0; i < 10; i++) pace.failed('unreached');
  expect(pace.failed('unreached')).toBe(22_500);
  expect(pace.failed('away', 2000)).toBe(2000 + 4000);
  expect(pace.failed('away', 2000)).toBe(2000 + 8000);
  expect(pace.failed('away')).toBe(16_000);
});

it('goes on to wait longer where a service is so busy that it answers only now and then', () => {
  const pace = new PollPace(() => 0.5);
  const waits = [null, 2000, null, 2000, null].map(laterMs => pace.failed('away', laterMs));
  expect(waits).toEqual([4000, 2000 + 8000, 16_000, 2000 + 22_500, 22_500]);
});

it('asks for a new ticket at once, but not again and again', () => {
  const pace = new PollPace(() => 0.5);
  expect(pace.failed('ticket')).toBe(0);
  expect(pace.failed('ticket')).toBe(4000);
  pace.answered();
  expect(pace.failed('ticket')).toBe(0);
});

it('waits as long as it is asked to, within an hour, and long after a refusal', () => {
  const pace = new PollPace(() => 0.5);
  expect(pace.failed('away', 30_000)).toBe(34_000);
  expect(pace.failed('refused')).toBe(608_000);
  expect(pace.failed('away', 1e12)).toBe(3_600_000 + 16_000);
});
