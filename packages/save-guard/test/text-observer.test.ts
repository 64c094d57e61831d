import { YFile } from '@jupyter/ydoc';
import fc from 'fast-check';
import { TextObserver } from '../src/observe/text-observer.js';
import { appliedText } from './applied.js';

const HASH = 'b'.repeat(64);

describe('TextObserver', () => {
  it('tells what happens: file and journal make what the page would save', () => {
    const edits = fc.array(
      fc.record({ at: fc.nat(), del: fc.nat(6), ins: fc.string(), flush: fc.boolean() })
    );
    fc.assert(
      fc.property(fc.string(), edits, (text, steps) => {
        const before = text.replaceAll('\r', '');
        const file = new YFile();
        file.setSource(before);
        const observer = new TextObserver(file);
        let pending = observer.since();
        const records = [{ t: 'base' as const, hash: HASH, cells: observer.numbering().base }, ...[]];
        const all: Parameters<typeof appliedText>[1][number][] = records;
        const flush = (): void => {
          all.push(...observer.records(pending));
          pending.dispose();
          pending = observer.since();
        };
        for (const step of steps) {
          const at = step.at % (file.source.length + 1);
          file.updateSource(at, Math.min(file.source.length, at + step.del), step.ins.replaceAll('\r', ''));
          if (step.flush) {
            flush();
          }
        }
        flush();
        expect(appliedText(before, all)).toBe(file.source);
        observer.dispose();
      })
    );
  });

  it('begins a run with the whole of a short text, so that it is of use when the file is another one', () => {
    const file = new YFile();
    file.setSource('one\ntwo\n');
    const observer = new TextObserver(file);
    const base = observer.since();
    expect(observer.recordsOfBase(base)).toEqual([]);
    file.updateSource(3, 3, '!');
    expect(observer.recordsOfBase(base)).toEqual([{ t: 'src', c: 0, v: 'one!\ntwo\n' }]);
    file.updateSource(0, 0, 'x'.repeat(40_000));
    expect(observer.recordsOfBase(base)).toMatchObject([{ t: 'edit', at: 0 }]);
    observer.dispose();
  });

  it('says nothing when nothing changed', () => {
    const file = new YFile();
    file.setSource('text');
    const observer = new TextObserver(file);
    expect(observer.records(observer.since())).toEqual([]);
    observer.dispose();
  });
});
