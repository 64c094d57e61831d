import { SyncPace } from '../../src/journal/sync-pace.js';

const after = (...syncMs: number[]): SyncPace => {
  const pace = new SyncPace();
  syncMs.forEach(ms => pace.ended(ms, 1));
  return pace;
};
const times = (count: number, ms: number): number[] => Array<number>(count).fill(ms);

describe('the pace of syncs', () => {
  it('is that of the disk: fifty milliseconds give at most twelve in a minute', () => {
    const { pauseMs, boundMs } = after(...times(16, 50));
    expect(60_000 / pauseMs).toBeLessThanOrEqual(12);
    expect(boundMs).toBeGreaterThan(pauseMs + 4 * 50);
  });

  it('tells a bound that holds also behind a commit that took many syncs', () => {
    const pace = after(...times(15, 50));
    pace.ended(50, 6);
    expect(pace.boundMs).toBeGreaterThan(pace.pauseMs + 4 * 50);
  });

  it.each([
    ['the first one', [3000, 1, 1]],
    ['one of many', [...times(8, 1), 3000, 1]]
  ])('is not decided by one slow answer: %s', (_, answers) => {
    const { pauseMs, boundMs } = after(...answers);
    expect(pauseMs).toBeLessThan(200);
    expect(boundMs).toBe(500);
  });

  it('never makes anything wait for longer than ten seconds', () => {
    expect(after(...times(16, 2000)).pauseMs).toBe(10_000);
  });
});
