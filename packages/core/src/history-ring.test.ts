import fc from 'fast-check';
import { History } from '@labkeeper/protocol';
import * as v from 'valibot';
import { HistoryRing, type IHistoryPoint } from './history-ring.js';

const START = 1_700_000_000_000;

function point(atMs: number, bytes: number | null = 1, more: Partial<IHistoryPoint> = {}): IHistoryPoint {
  return { atMs, unreclaimableBytes: bytes, cacheBytes: 10, cpuCores: 1, throttledShare: 0, ...more };
}

function filled(options: { stepMs: number; capacity: number }, points: readonly IHistoryPoint[]): History {
  const ring = new HistoryRing(options);
  points.forEach(p => ring.add(p));
  return ring.read();
}

const SECONDS = { stepMs: 1000, capacity: 5 };

describe('HistoryRing', () => {
  it('is empty at first', () => {
    expect(filled(SECONDS, [])).toEqual({
      stepMs: 1000,
      atMs: [],
      unreclaimableBytes: [],
      cacheBytes: [],
      cpuCores: [],
      throttledShare: []
    });
  });

  it('keeps the newest, oldest first', () => {
    const history = filled(
      SECONDS,
      [0, 1, 2, 3, 4, 5, 6].map(i => point(START + i * 1000, i))
    );
    expect(history.unreclaimableBytes).toEqual([2, 3, 4, 5, 6]);
    expect(history.atMs[0]).toBe(START + 2000);
  });

  it('gives every sample of an uneven 1 Hz timer a place of its own', () => {
    const times = [0, 1003, 1998, 3010, 3995];
    expect(
      filled(
        SECONDS,
        times.map(t => point(START + t))
      ).atMs
    ).toEqual(times.map(t => START + t));
  });

  it('folds a minute: highest memory with the cache beside it, mean CPU and throttling, without what is not known', () => {
    const history = filled({ stepMs: 60_000, capacity: 10 }, [
      point(START, 5, { cacheBytes: 1, cpuCores: 1, throttledShare: 0.2 }),
      point(START + 20_000, 9, { cacheBytes: 2, cpuCores: 3, throttledShare: null }),
      point(START + 40_000, 7, { cacheBytes: 3, cpuCores: null, throttledShare: 0.4 }),
      point(START + 60_000, 1)
    ]);
    expect(history).toMatchObject({
      atMs: [START, START + 60_000],
      unreclaimableBytes: [9, 1],
      cacheBytes: [2, 10]
    });
    expect(history.cpuCores[0]).toBe(2);
    expect(history.throttledShare[0]).toBeCloseTo(0.3);
  });

  it('keeps what the machine does not say as null', () => {
    const history = filled(SECONDS, [
      { atMs: START, unreclaimableBytes: null, cacheBytes: null, cpuCores: null, throttledShare: null }
    ]);
    expect(history).toMatchObject({ unreclaimableBytes: [null], cacheBytes: [null], cpuCores: [null] });
  });

  it('shows an hour of sleep as one gap', () => {
    const history = filled(SECONDS, [point(START, 1), point(START + 3_600_000, 2)]);
    expect(history.atMs).toEqual([START, START + 1000, START + 3_600_000]);
    expect(history.unreclaimableBytes).toEqual([1, null, 2]);
    expect(history.cpuCores).toEqual([1, null, 1]);
  });

  it('has no gap where an idle companion looks every two seconds', () => {
    expect(
      filled(
        SECONDS,
        [0, 2000, 4000].map(t => point(START + t))
      ).unreclaimableBytes
    ).toEqual([1, 1, 1]);
  });

  it('moves with a clock that is set back by an hour', () => {
    const history = filled(SECONDS, [point(START, 1), point(START + 1000, 2), point(START - 3_600_000, 3)]);
    expect(history.unreclaimableBytes).toEqual([1, 2, 3]);
    expect(history.atMs).toEqual([START - 3_602_000, START - 3_601_000, START - 3_600_000]);
  });

  it('takes a small step back of the clock for the same moment', () => {
    const history = filled(SECONDS, [point(START, 1), point(START - 300, 2)]);
    expect(history).toMatchObject({ atMs: [START], unreclaimableBytes: [2] });
  });

  it('is in order, bounded and readable by the protocol whatever the clock does', () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: -5_000_000, max: 5_000_000 }), fc.option(fc.nat(), { nil: null })),
      {
        maxLength: 60
      }
    );
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(1000, 60_000),
        (list, capacity, stepMs) => {
          let atMs = START;
          const history = filled(
            { stepMs, capacity },
            list.map(([by, bytes]) => point((atMs += by), bytes))
          );
          expect(v.safeParse(History, history).success).toBe(true);
          expect(history.atMs.length).toBeLessThanOrEqual(capacity);
          expect([...history.atMs].sort((a, b) => a - b)).toEqual(history.atMs);
          if (list.length > 0) {
            expect(Math.abs((history.atMs.at(-1) ?? 0) - atMs)).toBeLessThan(2 * stepMs);
          }
        }
      ),
      { numRuns: 1000 }
    );
  });
});
