import type { Reclaim, ReclaimKind } from '@labkeeper/protocol';
import fc from 'fast-check';
import { effectiveReclaim, reclaimEffect } from './reclaim-effect.js';

const KINDS: readonly ReclaimKind[] = ['reclaim', 'maintenance', 'cull', 'stop', 'wall-time', 'trial'];
const notice = (more: Partial<Reclaim> = {}): Reclaim => ({
  ...{ id: 'n', kind: 'reclaim', deadlineMs: 1000, givenAtMs: 0, source: 'test', withdrawn: false },
  ...more
});
const anyNotice: fc.Arbitrary<Reclaim> = fc.record({
  id: fc.string(),
  kind: fc.constantFrom(...KINDS),
  deadlineMs: fc.option(fc.nat(), { nil: null }),
  givenAtMs: fc.nat(),
  source: fc.constant('test'),
  withdrawn: fc.boolean(),
  memoryKept: fc.boolean()
});

describe('The notice that counts', () => {
  it('is the earliest; one that names no time is before all', () => {
    const late = notice({ id: 'late', deadlineMs: 2000 });
    expect(effectiveReclaim([late, notice()])?.id).toBe('n');
    expect(effectiveReclaim([notice(), notice({ id: 'any', deadlineMs: null })])?.id).toBe('any');
    expect(effectiveReclaim([notice({ deadlineMs: 0 }), notice({ id: 'any', deadlineMs: null })])?.id).toBe(
      'any'
    );
    expect(effectiveReclaim([notice({ withdrawn: true })])).toBeNull();
  });

  it('is one that keeps memory only if there is no other', () => {
    const moved = notice({ id: 'moved', kind: 'maintenance', deadlineMs: 1, memoryKept: true });
    expect(effectiveReclaim([moved, notice()])?.id).toBe('n');
    expect(effectiveReclaim([notice(), moved])?.id).toBe('n');
    expect(effectiveReclaim([moved])?.id).toBe('moved');
  });

  it('holds, and does not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(anyNotice), notices => {
        const first = effectiveReclaim(notices);
        const last = effectiveReclaim([...notices].reverse());
        expect(first?.withdrawn ?? false).toBe(false);
        expect([first?.deadlineMs, first?.memoryKept]).toEqual([last?.deadlineMs, last?.memoryKept]);
      })
    );
  });
});

describe('What follows for kernels', () => {
  it.each([
    ['reclaim', true, true],
    ['maintenance', true, true],
    ['wall-time', true, true],
    ['cull', true, false],
    ['stop', true, true],
    ['trial', true, false]
  ] as const)('of %s', (kind, losesMemory, runsCheckpoints) => {
    expect(reclaimEffect(notice({ kind }), false)).toEqual({ losesMemory, runsCheckpoints });
  });

  it('of a signal leaves no time, of a trial is the user’s choice', () => {
    expect(reclaimEffect(notice({ kind: 'stop', deadlineMs: null }), true).runsCheckpoints).toBe(false);
    expect(reclaimEffect(notice({ kind: 'trial' }), true).runsCheckpoints).toBe(true);
  });

  it.each(KINDS)('is nothing when memory is kept or the notice withdrawn (%s)', kind => {
    const nothing = { losesMemory: false, runsCheckpoints: false };
    expect(reclaimEffect(notice({ kind, memoryKept: true }), true)).toEqual(nothing);
    expect(reclaimEffect(notice({ kind, withdrawn: true }), true)).toEqual(nothing);
  });
});
