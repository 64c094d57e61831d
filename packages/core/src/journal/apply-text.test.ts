import fc from 'fast-check';
import { textSum, type JournalRecord } from '@labkeeper/protocol';
import { applyText } from './apply-text.js';
import { FoldedRun } from './fold-run.js';
import { brokenText } from './journal.test.data.js';

const BASE: JournalRecord = { t: 'base', hash: 'a'.repeat(64), cells: 1 };
const EMPTY: JournalRecord = { t: 'base', hash: null, cells: 0 };

function fold(records: readonly JournalRecord[]): FoldedRun {
  const run = new FoldedRun('text');
  records.forEach(record => run.add(record));
  return run;
}

function applied(original: string, ...records: JournalRecord[]): string {
  return applyText(original, fold([BASE, ...records]));
}

/** How JupyterLab reads a text file, changes it and writes it (`Context` in @jupyterlab/docregistry 4.6). */
function throughLab(original: string, change: (text: string) => string): string {
  const lineEnding = original.includes('\r\n') ? '\r\n' : original.includes('\r') ? '\r' : null;
  const content = lineEnding === null ? original : original.split(lineEnding).join('\n');
  const after = change(content);
  return lineEnding === null ? after : after.split('\n').join(lineEnding);
}

describe('applyText', () => {
  it('gives what a save by JupyterLab would have written, line ends included', () => {
    const change = fc.tuple(fc.nat(60), fc.nat(5), brokenText);
    fc.assert(
      fc.property(brokenText, fc.array(change, { maxLength: 6 }), (original, changes) => {
        const records: JournalRecord[] = [];
        const expected = throughLab(original, content => {
          let text = content;
          for (const [place, wanted, ins] of changes) {
            const at = place % (text.length + 1);
            const del = Math.min(wanted, text.length - at);
            const typed = ins.replaceAll('\r', '');
            text = text.slice(0, at) + typed + text.slice(at + del);
            records.push({ t: 'edit', c: 0, at, del, ins: typed, sum: textSum(text) });
          }
          return text;
        });
        const run = fold([BASE, ...records]);
        const compacted = fold(run.records());
        // A file in which nothing changed stays as it is; JupyterLab would make its line ends one kind.
        const unchanged = throughLab(original, text => text) === expected;
        expect(applyText(original, run)).toBe(unchanged ? original : expected);
        expect(applyText(original, compacted)).toBe(unchanged ? original : expected);
      }),
      { numRuns: 2000 }
    );
  });

  it('keeps "\\r\\n" of a file in which a line was typed', () => {
    const sum = textSum('one\nnew\ntwo\n');
    expect(applied('one\r\ntwo\r\n', { t: 'edit', c: 0, at: 4, ins: 'new\n', sum })).toBe(
      'one\r\nnew\r\ntwo\r\n'
    );
  });

  it('takes the whole text, and edits of it', () => {
    const sum = textSum('a\nc');
    expect(
      applied('x\ry', { t: 'src', c: 0, v: 'a\nb' }, { t: 'edit', c: 0, at: 2, del: 1, ins: 'c', sum })
    ).toBe('a\rc');
  });

  it('keeps a byte order mark, which the page has as a character too', () => {
    const sum = textSum('\ufeffab');
    expect(applied('\ufeffa', { t: 'edit', c: 0, at: 2, ins: 'b', sum })).toBe('\ufeffab');
  });

  it('gives the file as it is where nothing changed', () => {
    expect(applied('a\r\nb\n')).toBe('a\r\nb\n');
    expect(applied('a\r\nb\n', { t: 'src', c: 0, v: 'a\nb\n' })).toBe('a\r\nb\n');
  });

  it('begins with nothing where the run does', () => {
    const sum = textSum('xy');
    const run = fold([EMPTY, { t: 'src', c: 0, v: 'x' }, { t: 'edit', c: 0, at: 1, ins: 'y', sum }]);
    expect(applyText('', run)).toBe('xy');
    expect(() => applyText('there is a file', run)).toThrow(
      expect.objectContaining({ problem: 'other-file' })
    );
  });

  it('refuses another text than the page had, and edits beyond its end', () => {
    const sum = textSum('abc');
    expect(() => applied('ax', { t: 'edit', c: 0, at: 2, ins: 'c', sum })).toThrow(
      expect.objectContaining({ problem: 'sum-mismatch' })
    );
    expect(() => applied('a', { t: 'edit', c: 0, at: 2, ins: 'c', sum })).toThrow(
      expect.objectContaining({ problem: 'edit-past-end' })
    );
  });
});
