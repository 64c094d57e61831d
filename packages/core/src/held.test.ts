import fc from 'fast-check';
import {
  AT_MS,
  CODE,
  evidence,
  GIB,
  grew,
  LIMIT,
  memory,
  MIB,
  SIGNAL,
  UNSEEN
} from './evidence.test.data.js';
import { heldBytes } from './held.js';

const OWN = grew({ oomKill: 1, limitHit: 1 });
const other = (kernelId: string, memoryBytes: number) => ({
  kernelId,
  title: kernelId,
  memoryBytes,
  idleForMs: null
});

describe('heldBytes', () => {
  it('is the limit less what is left, for a kernel that grew since its sample', () => {
    const held = heldBytes(
      evidence({
        ...OWN,
        kernelSampleBytes: 300 * MIB,
        memoryBefore: memory(600 * MIB),
        memoryAfter: memory(280 * MIB)
      })
    );
    expect(held).toEqual({ bytes: LIMIT - 280 * MIB, how: 'difference' });
  });

  it('is the sample where memory was read before the dead was uncharged', () => {
    const held = heldBytes(
      evidence({
        ...OWN,
        busyForMs: null,
        kernelSampleBytes: 1700 * MIB,
        memoryBefore: memory(2000 * MIB),
        memoryAfter: memory(1900 * MIB)
      })
    );
    expect(held).toEqual({ bytes: 1700 * MIB, how: 'sample' });
  });

  it('adds what was missing to the limit, where a running kernel is not yet uncharged at all', () => {
    const held = heldBytes(
      evidence({
        ...OWN,
        kernelSampleBytes: 300 * MIB,
        memoryBefore: memory(600 * MIB),
        memoryAfter: memory(2040 * MIB)
      })
    );
    expect(held).toEqual({ bytes: 300 * MIB + LIMIT - 600 * MIB, how: 'sample' });
  });

  it('is shared by their samples among those who died together', () => {
    const held = heldBytes(
      evidence({
        ...OWN,
        kernelSampleBytes: 900 * MIB,
        memoryAfter: memory(248 * MIB),
        diedTogether: ['b'],
        otherKernels: [other('b', 450 * MIB), other('alive', 100 * MIB)]
      })
    );
    expect(held).toEqual({ bytes: 1200 * MIB, how: 'difference' });
  });

  it('is the sample of one who died together with kernels that nobody measured', () => {
    const held = heldBytes(
      evidence({ ...OWN, kernelSampleBytes: 900 * MIB, memoryAfter: memory(248 * MIB), diedTogether: ['b'] })
    );
    expect(held).toEqual({ bytes: 900 * MIB, how: 'sample' });
  });

  describe('by the peak of the process', () => {
    const grown = {
      ...OWN,
      exitPeakBytes: 1800 * MIB,
      kernelSampleBytes: 23 * MIB,
      kernelPeakBytes: 23 * MIB
    };

    it('is that peak where the others have grown since', () => {
      expect(heldBytes(evidence({ ...grown, memoryAfter: memory(1500 * MIB) }))).toEqual({
        bytes: 1772 * MIB,
        how: 'peak'
      });
    });

    it('is that peak for one of several, whatever was measured of the others', () => {
      const held = heldBytes(
        evidence({ ...grown, diedTogether: ['b', 'c'], otherKernels: [other('b', 900 * MIB)] })
      );
      expect(held).toEqual({ bytes: 1772 * MIB, how: 'peak' });
    });

    it('is that peak for the victim of a parent’s limit', () => {
      expect(heldBytes(evidence({ ...grown, ...grew({ oomKill: 1 }) }))?.bytes).toBe(1772 * MIB);
    });

    it('is the sample of one of several that had its peak long ago', () => {
      const held = heldBytes(
        evidence({ ...grown, kernelSampleBytes: 200 * MIB, kernelPeakBytes: 1790 * MIB, diedTogether: ['b'] })
      );
      expect(held).toEqual({ bytes: 200 * MIB, how: 'sample' });
    });

    it('is the peak of one of several whose last sample fell into its end', () => {
      // Measured, as all numbers here.
      const held = heldBytes(
        evidence({
          ...OWN,
          limitBytes: 734003200,
          exitPeakBytes: 642433024,
          kernelSampleBytes: 297423634,
          kernelPeakBytes: 569348096,
          memoryAfter: memory(114028544),
          diedTogether: ['b'],
          otherKernels: [other('b', 5332189)]
        })
      );
      expect(held).toEqual({ bytes: 642433024 - 28 * MIB, how: 'peak' });
    });

    it('is that peak, and not all that filled the limit, where another grew as fast and lives', () => {
      const held = heldBytes(
        evidence({
          ...OWN,
          limitBytes: 734003200,
          memoryBefore: memory(150200320),
          memoryAfter: memory(385363968),
          exitPeakBytes: 364056576,
          kernelSampleBytes: 36990976,
          kernelPeakBytes: 36990976,
          otherKernels: [other('b', 15106048)]
        })
      );
      // The truth was 345 MB.
      expect(held).toEqual({ bytes: 734003200 - 385363968, how: 'difference' });
    });

    it.each([
      {
        truth: 461e6,
        sample: 381748580,
        lately: 463134720,
        peak: 463134720,
        exit: 478887936,
        after: 339656704
      },
      {
        truth: 369e6,
        sample: 189034157,
        lately: 328056832,
        peak: 328056832,
        exit: 388165632,
        after: 406896640
      }
    ])(
      'is what it held before it gave back: $truth bytes, where others grew since and its last sample fell into its end',
      ({ truth, sample, lately, peak, exit, after }) => {
        const held = heldBytes(
          evidence({
            ...OWN,
            limitBytes: 734003200,
            memoryBefore: memory(734003200),
            memoryAfter: memory(after),
            exitPeakBytes: exit,
            kernelSampleBytes: sample,
            kernelLatelyBytes: lately,
            kernelPeakBytes: peak
          })
        );
        expect(Math.abs((held?.bytes ?? 0) - truth)).toBeLessThan(0.1 * truth);
      }
    );

    it('is its own peak and not all that became free, where another was killed whose end is not told yet', () => {
      const held = heldBytes(
        evidence({
          ...grew({ oomKill: 2, limitHit: 2 }),
          limitBytes: 734003200,
          memoryBefore: memory(733339648),
          memoryAfter: memory(102895616),
          exitPeakBytes: 338833408,
          kernelSampleBytes: 321875968,
          kernelPeakBytes: 321875968
        })
      );
      // The truth was 321 MB.
      expect(held).toEqual({ bytes: 321875968, how: 'sample' });
    });

    it('is the difference where workers held more than the process', () => {
      const held = heldBytes(
        evidence({ ...grown, exitPeakBytes: 500 * MIB, memoryAfter: memory(248 * MIB) })
      );
      expect(held).toEqual({ bytes: 1800 * MIB, how: 'difference' });
    });
  });

  it.each([
    ['signal 9 from outside', grew({}), SIGNAL(9)],
    ['a segfault beside a kill', OWN, SIGNAL(11)],
    ['an exit beside a kill', OWN, CODE(1)],
    ['memory elsewhere', grew({ oomKill: 1 }), SIGNAL(9)]
  ])('is the last sample for %s', (_what, counters, exit) => {
    expect(heldBytes(evidence({ ...counters, exit }))).toEqual({ bytes: 700 * MIB, how: 'sample' });
  });

  it('is the difference for a kernel that was never measured', () => {
    const held = heldBytes(
      evidence({ ...OWN, exit: UNSEEN, kernelSampleBytes: null, memoryAfter: memory(GIB) })
    );
    expect(held).toEqual({ bytes: GIB, how: 'difference' });
  });

  it('is not known without sample and limit', () => {
    expect(heldBytes(evidence({ ...OWN, kernelSampleBytes: null, limitBytes: null }))).toBeNull();
  });

  it('is within 10 % of the truth for a runaway of any speed, whenever memory is read after it', () => {
    fc.assert(
      fc.property(
        fc.record({
          rest: fc.integer({ min: 100, max: 600 }),
          /** How much of the growth the last sample had seen. */
          seen: fc.double({ min: 0, max: 1, noNaN: true }),
          /** How much of the dead is still charged when memory is read: all of it, or next to nothing. */
          charged: fc.oneof(fc.double({ min: 0, max: 0.05, noNaN: true }), fc.constant(1)),
          drift: fc.integer({ min: -10, max: 10 })
        }),
        ({ rest, seen, charged, drift }) => {
          const truth = LIMIT - rest * MIB;
          const sample = Math.floor(truth * seen);
          const held = heldBytes(
            evidence({
              ...OWN,
              kernelSampleBytes: sample,
              memoryBefore: memory(rest * MIB + sample),
              memoryAfter: memory(Math.floor((rest + drift) * MIB + truth * charged), AT_MS)
            })
          );
          expect(Math.abs((held?.bytes ?? 0) - truth) / truth).toBeLessThanOrEqual(0.1);
        }
      ),
      { numRuns: 2000 }
    );
  });
});
