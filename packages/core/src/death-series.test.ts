import { DeathSeries } from './death-series.js';

describe('DeathSeries', () => {
  it('counts deaths of one kernel, each within 10 s of the last', () => {
    const series = new DeathSeries();
    expect([0, 9000, 18_000, 27_999].map(atMs => series.count('k', atMs))).toEqual([1, 2, 3, 4]);
    expect(series.count('k', 37_999)).toBe(1);
  });

  it('does not mix kernels', () => {
    const series = new DeathSeries();
    series.count('a', 0);
    expect(series.count('b', 1)).toBe(1);
    expect(series.count('a', 2)).toBe(2);
  });

  it('bears a clock that steps back', () => {
    const series = new DeathSeries();
    series.count('k', 100_000);
    expect(series.count('k', 99_000)).toBe(2);
    expect(series.count('k', 1000)).toBe(1);
  });
});
