import fc from 'fast-check';
import { textSum } from '@labkeeper/protocol';
import { brokenText } from './journal.test.data.js';
import { applyEdit, applyEdits, mergeEdits, type IEdit } from './text-edit.js';

/** Any edits of a text, one after the other. */
const edits = fc
  .tuple(brokenText, fc.array(fc.tuple(fc.nat(100), fc.nat(5), brokenText), { minLength: 1, maxLength: 6 }))
  .map(([before, changes]) => {
    let after = before;
    const list = changes.map(([place, wanted, ins]): IEdit => {
      const at = place % (after.length + 1);
      const del = Math.min(wanted, after.length - at);
      after = after.slice(0, at) + ins + after.slice(at + del);
      return { at, del, ins, sum: textSum(after) };
    });
    return { before, after, list };
  });

describe('an edit', () => {
  it('replaces UTF-16 units, inside a pair too', () => {
    const sum = textSum('a\ud83dx');
    expect(applyEdit('a😀', { t: 'edit', c: 0, at: 2, del: 1, ins: 'x', sum })).toBe('a\ud83dx');
  });

  it('without del or ins only inserts or deletes', () => {
    expect(applyEdit('ac', { t: 'edit', c: 0, at: 1, ins: 'b', sum: textSum('abc') })).toBe('abc');
    expect(applyEdit('abc', { t: 'edit', c: 0, at: 2, del: 1, sum: textSum('ab') })).toBe('ab');
  });

  it('beyond the end is refused', () => {
    const past = expect.objectContaining({ problem: 'edit-past-end', cell: 7 });
    expect(() => applyEdit('abc', { t: 'edit', c: 7, at: 2, del: 2, sum: 0 })).toThrow(past);
    expect(() => applyEdit('abc', { t: 'edit', c: 7, at: 4, ins: 'x', sum: 0 })).toThrow(past);
  });

  it('of another text than the page had is refused', () => {
    const record = { t: 'edit' as const, c: 7, at: 1, ins: 'b', sum: textSum('abc') };
    expect(() => applyEdit('axc', record)).toThrow(
      expect.objectContaining({ problem: 'sum-mismatch', cell: 7 })
    );
  });
});

describe('edits', () => {
  it('give the text that they came from', () => {
    fc.assert(
      fc.property(edits, ({ before, after, list }) => {
        expect(applyEdits(before, list, 0)).toBe(after);
      })
    );
  });

  it('that touch are one, which does the same to any text', () => {
    let merged = 0;
    fc.assert(
      fc.property(edits, ({ before, list }) => {
        const [first, second] = list;
        const both = first && second ? mergeEdits(first, second) : null;
        if (first && second && both) {
          merged += 1;
          expect(applyEdits(before, [both], 0)).toBe(applyEdits(before, [first, second], 0));
        }
      }),
      { numRuns: 2000 }
    );
    expect(merged).toBeGreaterThan(100);
  });

  it('that come one after another while somebody types are one', () => {
    const typed = [...'print(1)'].map((ins, at) => ({ at, del: 0, ins, sum: at }));
    const one = typed.reduce((sum: IEdit | null, edit) => sum && mergeEdits(sum, edit), {
      at: 0,
      del: 0,
      ins: '',
      sum: 0
    });
    expect(one).toEqual({ at: 0, del: 0, ins: 'print(1)', sum: 7 });
  });

  it('at two places stay two', () => {
    const first = { at: 0, del: 0, ins: 'a', sum: 1 };
    expect(mergeEdits(first, { at: 2, del: 1, ins: 'b', sum: 2 })).toBeNull();
    expect(mergeEdits({ ...first, at: 5 }, { at: 2, del: 2, ins: 'b', sum: 2 })).toBeNull();
  });
});
