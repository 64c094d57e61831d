import { eventsKeptMs, eventsWanted } from './events-policy.js';

const DAY_MS = 86_400_000;

it.each([
  [undefined, true, false, 30],
  [{ send: true, errors: true, days: 7 }, true, true, 7],
  [{ send: false, errors: true, days: 400 }, false, false, 400]
])('of %j takes events: %s, errors: %s, for %s days', (events, send, errors, days) => {
  const policy = events === undefined ? { switch: [] } : { switch: [], events };
  expect(eventsWanted(policy)).toEqual({ send, errors });
  expect(eventsKeptMs(policy)).toBe(days * DAY_MS);
});
