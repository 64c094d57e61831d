import fc from 'fast-check';
import { readEpoch, readIsoTime, readNamedTime } from './read-time.js';

describe('readIsoTime', () => {
  it.each([
    ['2020-04-24T17:11:44Z', Date.UTC(2020, 3, 24, 17, 11, 44)],
    ['2026-11-24T18:11:44+01:00', Date.UTC(2026, 10, 24, 17, 11, 44)],
    ['2026-11-24 18:11+0100', Date.UTC(2026, 10, 24, 17, 11)],
    ['2026-11-24T17:11:44.123456Z', Date.UTC(2026, 10, 24, 17, 11, 44, 123)],
    ['2026-11-24T17:11:44,5-02:30', Date.UTC(2026, 10, 24, 19, 41, 44, 500)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)]
  ])('reads %s', (text, ms) => expect(readIsoTime(text)).toBe(ms));

  it.each([
    ['without a zone', '2026-11-24T17:11:44'],
    ['a day that there is not', '2026-02-30T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['hour 24', '2026-11-24T24:00:00Z'],
    ['a date alone', '2026-11-24'],
    ['what Date.parse would take', 'Nov 24 2026 17:11:44 UTC'],
    ['before 1970', '1969-12-31T23:59:59Z'],
    ['something behind it', '2026-11-24T17:11:44Z; rm -rf'],
    ['nothing', '']
  ])('refuses %s', (_what, text) => expect(readIsoTime(text)).toBeNull());

  it('reads every time that a Date writes', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), date => {
        expect(readIsoTime(date.toISOString())).toBe(date.getTime());
        expect(readNamedTime(date.toUTCString())).toBe(Math.floor(date.getTime() / 1000) * 1000);
      })
    );
  });

  it('gives a time or null for any text', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        expect(readIsoTime(text) ?? 0).toBeGreaterThanOrEqual(0);
        expect(readNamedTime(text) ?? 0).toBeGreaterThanOrEqual(0);
      })
    );
  });
});

describe('readNamedTime', () => {
  it.each([
    ['21 Jan 2019 09:00:43 GMT', Date.UTC(2019, 0, 21, 9, 0, 43)],
    ['Mon, 19 Sep 2016 18:29:47 GMT', Date.UTC(2016, 8, 19, 18, 29, 47)]
  ])('reads %s', (text, ms) => expect(readNamedTime(text)).toBe(ms));

  it.each(['', '21 Foo 2019 09:00:43 GMT', '31 Feb 2019 09:00:43 GMT', '21 Jan 2019 09:00:43 CET'])(
    'refuses "%s"',
    text => expect(readNamedTime(text)).toBeNull()
  );
});

describe('readEpoch', () => {
  it.each([
    [1_795_540_304, 1_795_540_304_000],
    [1_795_540_304_123, 1_795_540_304_123],
    [120, null],
    [1e20, null],
    [Infinity, null],
    [-5, null],
    [Number.NaN, null]
  ])('takes %s as %s', (number, ms) => expect(readEpoch(number)).toBe(ms));
});
