import fc from 'fast-check';
import { GIB, MIB } from './evidence.test.data.js';
import { schedule, timeToLimitMs, type IScheduleState } from './schedule.js';

const IDLE: IScheduleState = {
  watched: false,
  busy: false,
  share: 0.3,
  growthBytesPerSecond: 0,
  headroomBytes: 1400 * MIB,
  sinceFullMs: 0
};

/** Runs the schedule for a while and counts the looks. */
function looks(state: Omit<IScheduleState, 'sinceFullMs'>, forMs: number): { full: number; memory: number } {
  const counts = { full: 0, memory: 0 };
  let sinceFullMs = 0;
  for (let atMs = 0; atMs < forMs;) {
    const next = schedule({ ...state, sinceFullMs });
    atMs += next.delayMs;
    sinceFullMs = next.kind === 'full' ? 0 : sinceFullMs + next.delayMs;
    counts[next.kind] += 1;
  }
  return counts;
}

describe('schedule', () => {
  it.each<[string, Partial<IScheduleState>, { full: number; memory: number }]>([
    ['idle and unwatched: one look in two seconds', {}, { full: 30, memory: 0 }],
    ['idle and watched: one a second', { watched: true }, { full: 60, memory: 0 }],
    [
      'idle with memory nearly full: still one a second',
      { share: 0.97, headroomBytes: 60 * MIB },
      { full: 60, memory: 0 }
    ],
    ['busy and calm: memory three times between samples', { busy: true }, { full: 60, memory: 180 }],
    [
      'busy without a limit: samples alone',
      { busy: true, share: null, headroomBytes: null },
      { full: 60, memory: 0 }
    ]
  ])('in a minute, %s', (_what, change, expected) =>
    expect(looks({ ...IDLE, ...change }, 60_000)).toEqual(expected)
  );

  it.each<[string, Partial<IScheduleState>, number]>([
    ['busy and growing', { busy: true, growthBytesPerSecond: 100 * MIB }, 50],
    ['busy and growing so slowly that it takes minutes', { busy: true, growthBytesPerSecond: MIB }, 250],
    ['growing though nothing is busy (a terminal)', { growthBytesPerSecond: 100 * MIB }, 50],
    ['busy near the limit', { busy: true, share: 0.92, headroomBytes: 160 * MIB }, 20],
    [
      'half a second before the limit',
      { busy: true, growthBytesPerSecond: 3 * GIB, headroomBytes: 1500 * MIB },
      48
    ],
    [
      'a twentieth of a second before it',
      { busy: true, growthBytesPerSecond: 3 * GIB, headroomBytes: 150 * MIB },
      10
    ],
    ['over the limit', { busy: true, share: 1.2, headroomBytes: 0, growthBytesPerSecond: 1 }, 10]
  ])('looks at memory again, %s, after %3$i ms', (_what, change, delayMs) => {
    expect(schedule({ ...IDLE, ...change })).toEqual({ delayMs, kind: 'memory' });
  });

  it('does not put a full sample off because of the fast watch', () => {
    const { full } = looks(
      { ...IDLE, busy: true, share: 0.95, growthBytesPerSecond: GIB, headroomBytes: 100 * MIB },
      60_000
    );
    expect(full).toBeGreaterThanOrEqual(58);
  });

  it('never looks sooner than after 10 ms nor later than after 2 s', () => {
    const state = fc.record({
      watched: fc.boolean(),
      busy: fc.boolean(),
      share: fc.option(fc.double({ min: 0, max: 5, noNaN: true }), { nil: null }),
      growthBytesPerSecond: fc.double({ min: 0, max: 1e12, noNaN: true }),
      headroomBytes: fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: null }),
      sinceFullMs: fc.double({ min: -1e6, max: 1e9, noNaN: true })
    });
    fc.assert(
      fc.property(state, s => {
        const { delayMs, kind } = schedule(s);
        expect(delayMs).toBeGreaterThanOrEqual(10);
        expect(delayMs).toBeLessThanOrEqual(2000);
        expect(kind === 'memory' && delayMs > 250).toBe(false);
      }),
      { numRuns: 5000 }
    );
  });
});

describe('timeToLimitMs', () => {
  it('is the headroom over the growth, and for ever without growth', () => {
    expect(timeToLimitMs(500, 1000)).toBe(500);
    expect(timeToLimitMs(500, 0)).toBe(Infinity);
    expect(timeToLimitMs(-1, 1000)).toBe(0);
  });
});
