import { nullTranslator } from '@jupyterlab/translation';
import type { Recovery } from '@labkeeper/protocol';
import { RecoveryWords } from '../src/recovery/recovery-words.js';

const words = new RecoveryWords(nullTranslator.load('labkeeper'));
const recovery = (changes: Partial<Recovery>): Recovery => ({
  id: 'a/b',
  path: 'a.ipynb',
  kind: 'notebook',
  lastAtMs: 1,
  savedAtMs: null,
  copyPath: 'a (recovered).ipynb',
  changedCells: 2,
  bytes: 10,
  sameServer: false,
  problem: null,
  origin: 'journal',
  ...changes
});

describe('RecoveryWords', () => {
  it('say what a copy is', () => {
    expect(words.changes(recovery({}))).toBe('2 cells differ from the file.');
    expect(words.changes(recovery({ changedCells: 1 }))).toBe('1 cell differs from the file.');
    expect(words.changes(recovery({ kind: 'text' }))).toBe('The text differs from the file.');
    expect(words.problem(recovery({}))).toBeNull();
  });

  it('speak of no copy where there is none, and say what brings one', () => {
    const none = recovery({ copyPath: null, changedCells: 0, problem: 'file-changed' });
    expect(words.changes(none)).toBe('The journal holds edits that the file lacks.');
    expect(words.problem(none)).toMatch(/bring the earlier version of the file back, and the copy is made/);
    expect(words.problem({ ...none, problem: 'file-missing' })).toMatch(
      /bring it back, and the copy is made/
    );
    expect(words.problem({ ...none, problem: 'unreadable' })).toMatch(
      /bring the earlier version of the file back/
    );
    const damaged = { ...none, problem: 'journal-damaged' } as const;
    expect(words.changes(damaged)).toBe('A part of the journal of this document cannot be read.');
    expect(words.problem(damaged)).toMatch(
      /^Nothing more than the file has .* It is kept until you discard it/
    );
    expect(words.problem(recovery({ problem: 'file-changed' }))).toMatch(/compare before you restore/);
  });
});
