import fc from 'fast-check';
import { cullOutlook } from './cull-schedule.js';
import { deadlineProblem } from './deadline-check.js';
import { LEFT_ALONE_AFTER, retryDelayMs } from './retry-delay.js';

const MINUTE = 60_000;

describe('cullOutlook', () => {
  const outlook = (idleMs: number | null) =>
    cullOutlook({ idleMs, timeoutMs: 60 * MINUTE, warningMs: 10 * MINUTE });

  it.each([
    [null, { culledInMs: null, lookInMs: MINUTE }],
    [0, { culledInMs: null, lookInMs: MINUTE }],
    [49.5 * MINUTE, { culledInMs: null, lookInMs: MINUTE / 2 }],
    [50 * MINUTE, { culledInMs: 10 * MINUTE, lookInMs: 5000 }],
    [90 * MINUTE, { culledInMs: 0, lookInMs: 5000 }],
    [-5, { culledInMs: null, lookInMs: MINUTE }]
  ])('after %s ms of idleness', (idleMs, expected) => expect(outlook(idleMs)).toEqual(expected));

  it('warns from the first moment where the warning is longer than the timeout', () => {
    expect(cullOutlook({ idleMs: 0, timeoutMs: MINUTE, warningMs: 10 * MINUTE }).culledInMs).toBe(MINUTE);
  });

  it('never misses the beginning of the warning: the next look comes no later', () => {
    fc.assert(
      fc.property(fc.nat(1e8), fc.nat(1e8), fc.nat(1e8), (idleMs, timeoutMs, warningMs) => {
        const { culledInMs, lookInMs } = cullOutlook({ idleMs, timeoutMs, warningMs });
        expect(lookInMs).toBeGreaterThan(0);
        if (culledInMs === null) {
          expect(idleMs + lookInMs).toBeLessThanOrEqual(timeoutMs - warningMs);
        }
      })
    );
  });
});

describe('retryDelayMs', () => {
  const firstHour = (answeredBefore: boolean): number => {
    let tries = 0;
    for (let ms = 0; ms < 3600_000; ms += retryDelayMs(++tries, answeredBefore)) {
      // Only counted.
    }
    return tries;
  };

  it('asks a blocked service eight times in its first hour, three of them in the first 12 seconds', () => {
    expect(firstHour(false)).toBe(8);
    expect(retryDelayMs(1, false) + retryDelayMs(2, false)).toBe(12_000);
    expect(LEFT_ALONE_AFTER).toBe(3);
  });

  it('looks for one that answered before after a second, and never stops', () => {
    expect(retryDelayMs(1, true)).toBe(1000);
    expect(firstHour(true)).toBeLessThan(15);
    expect(retryDelayMs(1e9, true)).toBe(900_000);
  });
});

describe('deadlineProblem', () => {
  const NOW = Date.UTC(2026, 10, 24, 14);

  it.each([null, NOW, NOW - 9 * MINUTE, NOW + 120_000, NOW + 30 * 24 * 60 * MINUTE])(
    'has none with %s',
    deadlineMs => expect(deadlineProblem(deadlineMs, NOW)).toBeNull()
  );

  it.each([
    [NOW - 24 * 60 * MINUTE, 'its deadline passed 1440 minutes ago'],
    [NOW + 400 * 24 * 60 * MINUTE, 'its deadline is 400 days ahead'],
    [Number.NaN, 'its deadline, NaN, is no time'],
    [1.5, 'its deadline, 1.5, is no time'],
    [-1, 'its deadline, -1, is no time']
  ])('has one with %s', (deadlineMs, sentence) => expect(deadlineProblem(deadlineMs, NOW)).toBe(sentence));
});
