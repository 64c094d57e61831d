import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { applyText, FoldedRun } from '@labkeeper/core';
import { textSum, type JournalRecord } from '@labkeeper/protocol';
import { NewFile } from '../../src/recovery/new-file.js';
import { PlainFile } from '../../src/recovery/plain-file.js';
import { scanTextFile } from '../../src/recovery/scan-file.js';
import { PageText, TextFacts, TextSum } from '../../src/recovery/text-facts.js';
import { writeText } from '../../src/recovery/text-splice.js';
import { scratch } from '../wire.js';

const UNITS = ['a', 'b', ' ', '\n', '\n', '\r\n', '\r', 'é', '学', '😀', '\ufeff', '\u2028', '\0'];
const text = fc.string({ unit: fc.constantFrom(...UNITS), maxLength: 40 });
const pieces = fc.array(fc.string({ unit: fc.constantFrom(...UNITS), maxLength: 6 }), { maxLength: 12 });

/** How JupyterLab gives a file's text to a page (`Context` in @jupyterlab/docregistry). */
function pageText(whole: string): string {
  const lineEnd = whole.includes('\r\n') ? '\r\n' : whole.includes('\r') ? '\r' : null;
  return lineEnd === null ? whole : whole.split(lineEnd).join('\n');
}

describe('the facts of a text in pieces', () => {
  it('are those of the whole', () => {
    fc.assert(
      fc.property(pieces, parts => {
        const whole = parts.join('');
        const facts = new TextFacts();
        const sum = new TextSum();
        parts.forEach(part => facts.push(part));
        parts.forEach(part => sum.push(part));
        expect(sum.value).toBe(textSum(whole));
        expect(facts.lineEnd).toBe(whole.includes('\r\n') ? '\r\n' : whole.includes('\r') ? '\r' : '\n');
        expect(facts.sum).toBe(textSum(pageText(whole)));
        const page = new PageText(facts.lineEnd);
        expect(parts.map(part => page.push(part)).join('') + page.left).toBe(pageText(whole));
      }),
      { numRuns: 3000 }
    );
  });
});

describe('a text file with what changed in it', () => {
  const folder = scratch();
  afterAll(() => folder.remove());
  const path = join(folder.path, 'text');

  function fold(records: readonly JournalRecord[]): FoldedRun {
    const run = new FoldedRun('text');
    records.forEach(record => run.add(record));
    return run;
  }

  async function written(original: string, run: FoldedRun): Promise<{ text: string; isOther: boolean }> {
    writeFileSync(path, original);
    const file = await PlainFile.open(path);
    const change = run.text()?.source;
    if (!file || !change) {
      throw new Error('nothing to do');
    }
    const into = await NewFile.create(`${path}.new`, file);
    try {
      const { text: facts } = await scanTextFile(file);
      const isOther = await writeText(file, facts?.lineEnd ?? '\n', change, into);
      await into.finish(file);
      return { text: readFileSync(`${path}.new`, 'utf8'), isOther };
    } finally {
      await into.discard();
      await file.close();
    }
  }

  it('is what applyText makes of the whole', async () => {
    const change = fc.tuple(fc.nat(60), fc.nat(6), text);
    await fc.assert(
      fc.asyncProperty(text, fc.array(change, { minLength: 1, maxLength: 6 }), async (original, changes) => {
        let page = pageText(original);
        const records: JournalRecord[] = [{ t: 'base', hash: 'ab'.repeat(32), cells: 1 }];
        for (const [place, wanted, ins] of changes) {
          const at = place % (page.length + 1);
          const del = Math.min(wanted, page.length - at);
          const typed = ins.replaceAll('\r', '');
          page = page.slice(0, at) + typed + page.slice(at + del);
          records.push({ t: 'edit', c: 0, at, del, ins: typed, sum: textSum(page) });
        }
        const run = fold(records);
        const expected = applyText(original, run);
        const result = await written(original, run);
        expect(result.isOther).toBe(expected !== original);
        if (result.isOther) {
          // Half a pair has no bytes: both become the same sign.
          expect(result.text).toBe(Buffer.from(expected).toString());
        }
      }),
      { numRuns: 400 }
    );
  });

  it('takes a whole new text, and keeps the line ends of the file', async () => {
    const run = fold([
      { t: 'base', hash: 'ab'.repeat(32), cells: 1 },
      { t: 'src', c: 0, v: 'x\ny\n' }
    ]);
    expect(await written('\ufeffa\r\nb', run)).toEqual({ text: 'x\r\ny\r\n', isOther: true });
  });

  it('refuses a text that is not the one that was edited', async () => {
    const run = fold([
      { t: 'base', hash: 'ab'.repeat(32), cells: 1 },
      { t: 'edit', c: 0, at: 1, ins: 'b', sum: textSum('ab') }
    ]);
    await expect(written('x', run)).rejects.toMatchObject({ problem: 'sum-mismatch' });
    await expect(written('', run)).rejects.toMatchObject({ problem: 'sum-mismatch' });
  });

  it('goes over characters that chunks cut', async () => {
    const original = `${'学😀\r\n'.repeat(80_000)}end`;
    const page = pageText(original);
    const at = page.length - 3;
    const after = `${page.slice(0, at)}new ${page.slice(at)}`;
    const run = fold([
      { t: 'base', hash: 'ab'.repeat(32), cells: 1 },
      { t: 'edit', c: 0, at, ins: 'new ', sum: textSum(after) }
    ]);
    expect((await written(original, run)).text).toBe(original.replace(/end$/, 'new end'));
  });

  it('is known not to be text', async () => {
    writeFileSync(path, Buffer.from([0x61, 0xff, 0x62]));
    const file = await PlainFile.open(path);
    expect(file && (await scanTextFile(file)).text).toBeNull();
    await file?.close();
    writeFileSync(path, Buffer.from([0x61, 0xe5, 0xad]));
    const cut = await PlainFile.open(path);
    expect(cut && (await scanTextFile(cut)).text).toBeNull();
    await cut?.close();
  });
});
