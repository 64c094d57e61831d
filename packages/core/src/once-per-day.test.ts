import { parseOncePerDay, shouldTell, told } from './once-per-day.js';

const HOUR = 3_600_000;
const NOW = 1_700_000_000_000;

describe('once per day', () => {
  it('tells each key once in 24 h, also after a restart', () => {
    const ledger = parseOncePerDay(JSON.parse(JSON.stringify(told({}, 'a', NOW))));
    expect(shouldTell(ledger, 'a', NOW + 23 * HOUR)).toBe(false);
    expect(shouldTell(ledger, 'b', NOW)).toBe(true);
    expect(shouldTell(ledger, 'a', NOW + 24 * HOUR)).toBe(true);
  });

  it('is not silenced for ever by a time in the future', () => {
    expect(shouldTell({ a: NOW + 1000 * HOUR }, 'a', NOW)).toBe(true);
  });

  it('forgets what is older than a day', () => {
    expect(told({ old: NOW - 25 * HOUR, young: NOW - HOUR }, 'new', NOW)).toEqual({
      young: NOW - HOUR,
      new: NOW
    });
  });

  it('takes no key for told that every object has', () => {
    expect(shouldTell({}, 'constructor', NOW)).toBe(true);
    expect(shouldTell(told({}, '__proto__', NOW), '__proto__', NOW)).toBe(false);
  });

  it.each([null, 7, 'x', [], { a: 'yesterday' }, { a: null }])('reads %j as nothing told', value => {
    expect(parseOncePerDay(value)).toEqual({});
  });
});
