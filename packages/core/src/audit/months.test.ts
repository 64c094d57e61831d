import { monthAt, monthsToKeep } from './months.js';

describe('monthAt', () => {
  it.each([
    ['2026-12-01T00:00:00.000Z', '2026_12'],
    ['2026-11-30T23:59:59.999Z', '2026_11'],
    ['2027-01-01T00:00:00.000Z', '2027_01'],
    ['2028-02-29T12:00:00.000Z', '2028_02'],
    ['1970-01-01T00:00:00.000Z', '1970_01']
  ])('puts %s into %s', (at, name) => {
    const month = monthAt(Date.parse(at));
    expect(month.name).toBe(name);
    expect(month.fromMs).toBeLessThanOrEqual(Date.parse(at));
    expect(month.untilMs).toBeGreaterThan(Date.parse(at));
  });

  it('leaves no time between two months', () => {
    let month = monthAt(Date.UTC(2026, 0, 15));
    for (let i = 0; i < 36; i++) {
      const next = monthAt(month.untilMs);
      expect(next.fromMs).toBe(month.untilMs);
      expect(monthAt(month.untilMs - 1)).toEqual(month);
      month = next;
    }
    expect(month.name).toBe('2029_01');
  });
});

describe('monthsToKeep', () => {
  const names = (beganMs: number, nowMs: number): string[] =>
    monthsToKeep(beganMs, nowMs).map(({ name }) => name);

  it('are this one and three ahead where the log begins now', () => {
    expect(names(Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 30, 23, 59))).toEqual([
      ...['2026_11', '2026_12', '2027_01', '2027_02']
    ]);
  });

  it('are only those after what is kept as one', () => {
    expect(names(Date.UTC(2027, 0, 1), Date.UTC(2026, 10, 27))).toEqual(['2027_01', '2027_02']);
    expect(names(Date.UTC(2028, 0, 1), Date.UTC(2026, 10, 27))).toEqual([]);
  });

  it('fill what an outage left out, two years back at most', () => {
    expect(names(Date.UTC(2026, 10, 1), Date.UTC(2027, 5, 1))).toHaveLength(11);
    const late = names(Date.UTC(2026, 10, 1), Date.UTC(2030, 0, 1));
    expect([late[0], late.at(-1), late.length]).toEqual(['2028_01', '2030_04', 28]);
  });
});
