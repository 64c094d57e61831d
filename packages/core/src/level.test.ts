import fc from 'fast-check';
import { DEFAULT_THRESHOLDS, level, type Level } from './level.js';

const share = fc.double({ min: 0, max: 1.5, noNaN: true });
const any = fc.constantFrom<Level>('ok', 'warning', 'danger');

describe('level', () => {
  it.each<[Level, number | null, Level]>([
    ['ok', 0.79, 'ok'],
    ['ok', 0.8, 'warning'],
    ['ok', 0.9, 'danger'],
    ['warning', 0.78, 'warning'],
    ['warning', 0.76, 'ok'],
    ['danger', 0.88, 'danger'],
    ['danger', 0.86, 'warning'],
    ['danger', 0.5, 'ok'],
    ['danger', null, 'ok'],
    ['danger', NaN, 'ok']
  ])('from %s at %s is %s', (previous, at, expected) => {
    expect(level(previous, at, DEFAULT_THRESHOLDS)).toBe(expected);
  });

  it('does not flap: what trembles by less than the hysteresis changes the level once at most', () => {
    fc.assert(
      fc.property(
        share,
        any,
        fc.array(fc.double({ min: 0, max: 0.0299, noNaN: true }), { minLength: 2 }),
        (base, from, noise) => {
          let now = from;
          const seen = noise.map(up => (now = level(now, base + up, DEFAULT_THRESHOLDS)));
          // It may settle with the first value, and rise once more with a higher one.
          const order: Level[] = ['ok', 'warning', 'danger'];
          const falls = seen.slice(1).filter((l, i) => order.indexOf(l) < order.indexOf(seen[i] ?? 'ok'));
          expect(falls).toEqual([]);
        }
      )
    );
  });

  it('never is lower for more', () => {
    const order: Level[] = ['ok', 'warning', 'danger'];
    fc.assert(
      fc.property(any, share, share, (from, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(order.indexOf(level(from, high, DEFAULT_THRESHOLDS))).toBeGreaterThanOrEqual(
          order.indexOf(level(from, low, DEFAULT_THRESHOLDS))
        );
      })
    );
  });
});
