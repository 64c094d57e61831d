import { textSum } from '@labkeeper/protocol';
import fc from 'fast-check';
import * as Y from 'yjs';
import { ChangedText } from '../src/observe/changed-text.js';

/** Deletes and inserts at places that are taken modulo the length. */
const EDITS = fc.array(fc.record({ at: fc.nat(), del: fc.nat(8), ins: fc.string({ maxLength: 6 }) }), {
  maxLength: 12
});

describe('ChangedText', () => {
  it('says one splice that makes the old text the new one', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), EDITS, (before, edits) => {
        const text = new Y.Doc().getText('t');
        text.insert(0, before);
        const changed = new ChangedText(before.length);
        text.observe(event => changed.add(event.delta));
        for (const { at, del, ins } of edits) {
          const from = at % (text.length + 1);
          text.doc?.transact(() => {
            text.delete(from, Math.min(del, text.length - from));
            text.insert(from, ins);
          });
        }
        const after = text.toString();
        const { at, del = 0, ins = '', sum } = changed.edit(after);
        expect(before.slice(0, at) + ins + before.slice(at + del)).toBe(after);
        expect(sum).toBe(textSum(after));
      })
    );
  });

  it('says no more than what was typed', () => {
    const text = new Y.Doc().getText('t');
    text.insert(0, 'x'.repeat(50_000));
    const changed = new ChangedText(50_000);
    text.observe(event => changed.add(event.delta));
    [...'hello'].forEach((letter, index) => text.insert(25_000 + index, letter));
    expect(changed.edit(text.toString())).toMatchObject({ at: 25_000, ins: 'hello' });
  });
});
