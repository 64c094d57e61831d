import { comeAgainMs, isPutOff, loadAfter, type Load } from './index.js';

describe('how much there is to do', () => {
  it('is told by how late the event loop is, and does not swing', () => {
    const seen: Load[] = [];
    let load: Load = 'calm';
    for (const lagMs of [0, 249, 250, 130, 121, 119, 130, 250, 1000, 600, 501, 499, 119, 5000, 0]) {
      load = loadAfter(load, lagMs);
      seen.push(load);
    }
    expect(seen.join(' ')).toBe(
      'calm calm busy busy busy calm calm busy overloaded overloaded overloaded busy calm overloaded calm'
    );
  });

  it('puts newcomers off first, and records never', () => {
    const loads = ['calm', 'busy', 'overloaded'] as const;
    expect(loads.map(load => isPutOff(load, 'arrival'))).toEqual([false, true, true]);
    expect(loads.map(load => isPutOff(load, 'return'))).toEqual([false, false, true]);
    expect(loads.map(load => isPutOff(load, 'record'))).toEqual([false, false, false]);
  });

  it('lets them come again the later, the more there are, and at different moments', () => {
    expect([comeAgainMs(0, 0), comeAgainMs(0, 0.999)]).toEqual([1000, 2998]);
    expect([comeAgainMs(1000, 0), comeAgainMs(1000, 0.999)]).toEqual([5000, 14_990]);
    expect(comeAgainMs(1e6, 0.999)).toBeLessThanOrEqual(30_000);
  });
});
