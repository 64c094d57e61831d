import fc from 'fast-check';
import { ExcusedRanges } from './excused-ranges.js';

it('counts what is excused between two indexes', () => {
  const lengths = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 6 })), {
    maxLength: 12
  });
  fc.assert(
    fc.property(lengths, fc.nat(90), fc.nat(90), (parts, one, other) => {
      const excused: number[] = [];
      let at = 0;
      const ranges = parts.map(([gap, length]) => {
        const first = at + gap;
        at = first + length;
        excused.push(...Array.from({ length }, (_, i) => first + i));
        return { first, end: at, act: 100 };
      });
      const known = new ExcusedRanges(ranges);
      expect(known.between(one, other)).toBe(excused.filter(index => index >= one && index < other).length);
    })
  );
});
