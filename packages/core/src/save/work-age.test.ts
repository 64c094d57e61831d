import fc from 'fast-check';
import { WorkAge } from './work-age.js';

describe('WorkAge', () => {
  it('is as old as the oldest change that the place does not hold', () => {
    const age = new WorkAge();
    expect(age.sinceMs).toBeNull();
    age.changed(1, 1000);
    age.changed(2, 5000);
    age.changed(3, 9000);
    expect(age.sinceMs).toBe(1000);
    age.reached(1);
    expect(age.sinceMs).toBe(5000);
    age.reached(3);
    expect(age).toMatchObject({ sinceMs: null, isBehind: false, safeCount: 3 });
  });

  it('is never younger than the truth, and holds little however many changes come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ stepMs: fc.nat(400), reached: fc.option(fc.nat(2000)) }), { maxLength: 2000 }),
        steps => {
          const age = new WorkAge();
          const times: number[] = [];
          let nowMs = 0;
          let held = 0;
          steps.forEach(({ stepMs, reached }, index) => {
            nowMs += stepMs;
            times.push(nowMs);
            age.changed(index + 1, nowMs);
            if (reached !== null) {
              held = Math.max(held, Math.min(reached, index + 1));
              age.reached(held);
            }
            const oldest = times[held];
            if (oldest === undefined) {
              expect(age.sinceMs).toBeNull();
            } else {
              expect(age.sinceMs).not.toBeNull();
              expect(age.sinceMs ?? Infinity).toBeLessThanOrEqual(oldest);
            }
          });
        }
      ),
      { numRuns: 200 }
    );
  });

  it('is not much older than the truth', () => {
    const age = new WorkAge();
    for (let count = 1; count <= 3000; count += 1) {
      age.changed(count, count * 10);
    }
    age.reached(1500);
    expect(15_000 - (age.sinceMs ?? 0)).toBeLessThan(400);
  });

  it('begins anew where a place lost what it held', () => {
    const age = new WorkAge();
    age.changed(1, 0);
    age.reached(1);
    age.lost(1, 0);
    expect(age.sinceMs).toBe(0);
    age.reached(1);
    expect(age.sinceMs).toBeNull();
  });
});
