import { Growth } from './growth.js';

describe('Growth', () => {
  it('measures over the last second', () => {
    const growth = new Growth();
    expect(growth.add(0, 1000)).toBe(0);
    expect(growth.add(250, 1250)).toBe(1000);
    expect(growth.add(1000, 2000)).toBe(1000);
    expect(growth.add(2000, 2000)).toBe(0);
    expect(growth.bytesPerSecond).toBe(0);
  });

  it('sees a runaway with the second reading', () => {
    const growth = new Growth();
    growth.add(0, 0);
    growth.add(1000, 0);
    expect(growth.add(1050, 100)).toBeGreaterThan(0);
    expect(growth.add(1100, 200)).toBeGreaterThan(150);
  });

  it('is nothing while memory falls', () => {
    const growth = new Growth();
    growth.add(0, 1000);
    expect(growth.add(500, 10)).toBe(0);
  });

  it('compares nothing across a pause or a clock set back', () => {
    const growth = new Growth();
    growth.add(0, 0);
    expect(growth.add(3_600_000, 1e9)).toBe(0);
    expect(growth.add(5, 2e9)).toBe(0);
    expect(growth.add(1005, 3e9)).toBe(1e9);
  });

  it('keeps few readings, however fast they come', () => {
    const growth = new Growth();
    for (let atMs = 0; atMs < 60_000; atMs += 10) {
      growth.add(atMs, atMs * 7);
    }
    expect(growth.bytesPerSecond).toBeCloseTo(7000, 6);
  });
});
