import fc from 'fast-check';
import { SteadyWall } from './steady-wall.js';

const WALL = Date.UTC(2026, 10, 24, 14);
const MINUTE = 60_000;

describe('SteadyWall', () => {
  it('goes with the wall clock', () => {
    const wall = new SteadyWall();
    expect(wall.wallMs(WALL, 1000)).toBe(WALL);
    expect(wall.wallMs(WALL + MINUTE, 1000 + MINUTE)).toBe(WALL + MINUTE);
  });

  it('does not leap when the clock is set and set back', () => {
    const wall = new SteadyWall();
    wall.wallMs(WALL, 0);
    expect(wall.wallMs(WALL + 60 * MINUTE + 1000, 1000)).toBe(WALL + 1000);
    expect(wall.wallMs(WALL + 60 * MINUTE + 4 * MINUTE, 4 * MINUTE)).toBe(WALL + 4 * MINUTE);
    expect(wall.wallMs(WALL + 5 * MINUTE, 5 * MINUTE)).toBe(WALL + 5 * MINUTE);
  });

  it('follows a clock that stays where it was set', () => {
    const wall = new SteadyWall();
    wall.wallMs(WALL, 0);
    wall.wallMs(WALL + 61 * MINUTE, MINUTE);
    expect(wall.wallMs(WALL + 65 * MINUTE, 5 * MINUTE)).toBe(WALL + 5 * MINUTE);
    expect(wall.wallMs(WALL + 66 * MINUTE, 6 * MINUTE)).toBe(WALL + 66 * MINUTE);
  });

  it('follows a clock that is slowly corrected by a lot', () => {
    const wall = new SteadyWall();
    for (let step = 0; step <= 100; step++) {
      expect(wall.wallMs(WALL + step * (MINUTE + 1500), step * MINUTE)).toBe(WALL + step * (MINUTE + 1500));
    }
  });

  it('is never off the pace of the monotonic clock within five minutes of the first look, whatever the wall does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ afterMs: fc.nat(10_000), leapMs: fc.integer({ min: 3000, max: 1e10 }) }), {
          maxLength: 29
        }),
        looks => {
          const wall = new SteadyWall();
          wall.wallMs(WALL, 0);
          let monotonicMs = 0;
          for (const { afterMs, leapMs } of looks) {
            monotonicMs += afterMs;
            expect(wall.wallMs(WALL + monotonicMs + leapMs, monotonicMs)).toBe(WALL + monotonicMs);
          }
        }
      )
    );
  });
});
