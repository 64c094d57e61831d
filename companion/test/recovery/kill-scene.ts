import type { JournalRecord } from '@labkeeper/protocol';
import { base, code, notebookText, printed, typed } from './notebooks.js';

/** The notebook of the test, and what was typed into it: about 2 MB, so that copying takes a moment. */
export const KILLED_FILE = notebookText(
  Array.from({ length: 40 }, (_, index) =>
    code(`cell ${index}`, { outputs: [printed(`${'x'.repeat(50_000)}\n`)] })
  )
);
export const KILLED_EDITS: JournalRecord[][] = [
  [base(KILLED_FILE, 40), typed(0, 'cell 0', 6, '!')],
  [{ t: 'src', c: 39, v: 'last' }]
];
export const KILLED_NAMES = ['a.ipynb', 'b.ipynb'];
