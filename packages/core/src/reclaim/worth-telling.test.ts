import type { Checkpoint, Receipt, ReclaimKind } from '@labkeeper/protocol';
import { isWorthTelling } from './worth-telling.js';

function receipt(
  kind: ReclaimKind,
  lostMs = 0,
  state: Checkpoint['state'] = 'done',
  memoryKept = false
): Receipt {
  return {
    reclaim: {
      ...{ id: 'n', kind, deadlineMs: 1000, givenAtMs: 0, source: 'test', withdrawn: false },
      memoryKept
    },
    ...{ atMs: 900, safeAfterMs: 100 },
    documents: [{ path: 'a.ipynb', lostMs, place: 'file' }],
    kernels: [
      {
        ...{ kernelId: 'k', title: 'a', path: null, busy: false, memoryBytes: null },
        ...{ variables: null, why: 'busy' },
        checkpoint: { cells: 1, state, atMs: 0, problem: null }
      }
    ]
  };
}

describe('A receipt is offered', () => {
  it.each(['reclaim', 'maintenance', 'wall-time'] as const)('of a machine that is taken away (%s)', kind => {
    expect(isWorthTelling(receipt(kind))).toBe(true);
    expect(isWorthTelling(receipt(kind, 0, 'done', true))).toBe(false);
  });

  it.each(['stop', 'cull'] as const)('of an everyday end only with a loss (%s)', kind => {
    expect(isWorthTelling(receipt(kind))).toBe(false);
    expect(isWorthTelling(receipt(kind, 3000))).toBe(true);
    expect(isWorthTelling(receipt(kind, 0, 'late'))).toBe(true);
    expect(isWorthTelling(receipt(kind, 0, 'failed'))).toBe(true);
  });

  it('never of a trial', () => {
    expect(isWorthTelling(receipt('trial', 3000))).toBe(false);
  });
});
