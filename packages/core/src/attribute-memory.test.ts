import fc from 'fast-check';
import { attributeMemory, type IProcessMemory } from './attribute-memory.js';
import { MIB } from './evidence.test.data.js';

const root = (kernelId: string | null, rssMib: number, sharedMib: number): IProcessMemory => ({
  kernelId,
  rssBytes: rssMib * MIB,
  sharedBytes: sharedMib * MIB,
  isRoot: true
});
const worker = (kernelId: string, rssMib: number, sharedMib: number): IProcessMemory => ({
  ...root(kernelId, rssMib, sharedMib),
  isRoot: false
});

function held(processes: IProcessMemory[], unreclaimableMib: number | null): Record<string, number> {
  const bytes = attributeMemory(processes, unreclaimableMib === null ? null : unreclaimableMib * MIB);
  return Object.fromEntries([...bytes].map(([id, value]) => [id, Math.round(value / MIB)]));
}

describe('attributeMemory', () => {
  it('counts anonymous memory, not the libraries', () => {
    expect(held([root('k', 1051, 16)], 1200)).toEqual({ k: 1035 });
  });

  // Measured: an ipykernel of 51 MB (16 shared) that maps 200 MB of shared memory shows 251 MB, 216 shared.
  it('counts shared memory that the kernel mapped, within 10 %', () => {
    const { k } = held([root('k', 251, 216)], 400);
    expect(Math.abs((k ?? 0) - 235) / 235).toBeLessThan(0.1);
  });

  it('counts it exactly where it was read', () => {
    expect(held([{ ...root('k', 251, 216), shmemBytes: 200 * MIB }], 400)).toEqual({ k: 235 });
  });

  it('does not count a mapped data file: the container could free it', () => {
    expect(held([root('k', 5051, 5016)], 60)).toEqual({ k: 60 });
  });

  it('counts shared memory once, however many workers map it', () => {
    const shm = { shmemBytes: 500 * MIB };
    const processes = [
      { ...root('k', 535, 516), ...shm },
      { ...worker('k', 530, 516), ...shm },
      { ...worker('k', 530, 516), ...shm }
    ];
    expect(held(processes, 700)).toEqual({ k: 547 });
  });

  it('counts workers that were started afresh in full', () => {
    expect(held([root('k', 100, 16), worker('k', 316, 16), worker('k', 316, 16)], 800)).toEqual({ k: 684 });
  });

  it('counts pages that forked workers share with their parent once', () => {
    const processes = [root('k', 1016, 16), ...[1, 2, 3, 4].map(() => worker('k', 1016, 16))];
    expect(held(processes, 1040)).toEqual({ k: 1040 });
  });

  it('does not take from another kernel what forked workers claim', () => {
    const processes = [root('a', 1016, 16), worker('a', 1016, 16), root('b', 516, 16)];
    expect(held(processes, 1550)).toEqual({ a: 1050, b: 500 });
  });

  it('counts processes that are no kernel’s, and gives them to nobody', () => {
    const processes = [root(null, 316, 16), root('k', 116, 16), worker('k', 116, 16)];
    expect(held(processes, 420)).toEqual({ k: 120 });
  });

  it('caps nothing where the container is not known', () => {
    expect(held([root('k', 216, 16), worker('k', 216, 16)], null)).toEqual({ k: 400 });
  });

  it('never gives more in sum than the container holds, nor less than nothing', () => {
    const process = fc.record({
      kernelId: fc.constantFrom('a', 'b', null),
      rssBytes: fc.nat({ max: 1e10 }),
      sharedBytes: fc.nat({ max: 1e10 }),
      shmemBytes: fc.option(fc.nat({ max: 1e10 }), { nil: null }),
      isRoot: fc.boolean()
    });
    fc.assert(
      fc.property(fc.array(process), fc.nat({ max: 1e10 }), (processes, unreclaimable) => {
        const values = [...attributeMemory(processes, unreclaimable).values()];
        expect(values.every(value => Number.isInteger(value) && value >= 0)).toBe(true);
        expect(values.reduce((sum, value) => sum + value, 0)).toBeLessThanOrEqual(unreclaimable);
      }),
      { numRuns: 2000 }
    );
  });
});
