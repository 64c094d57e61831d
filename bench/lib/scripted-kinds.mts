import { ScriptedNotebook } from './scripted-notebook.mts';
import { ScriptedText } from './scripted-text.mts';
import type { IScripted } from './scripted.mts';

/** `new`: a notebook of which the journal holds everything, because the page did not know the file that it began with. */
export const SCRIPTED_KINDS = ['small', 'big', 'text', 'new'] as const;
export type ScriptedKind = (typeof SCRIPTED_KINDS)[number];

/** A quarter of them with output: 1.3 MB. */
const BIG_CELLS = 200;
const SMALL_CELLS = 8;

/** A document of a kind at a version. */
export function scripted(kind: ScriptedKind, seed: number, version = 0): IScripted {
  const document =
    kind === 'text'
      ? new ScriptedText(seed)
      : new ScriptedNotebook(seed, kind === 'big' ? BIG_CELLS : SMALL_CELLS, kind === 'big');
  while (document.version < version) document.step();
  return document;
}

export const suffixOf = (kind: ScriptedKind): string => (kind === 'text' ? '.py' : '.ipynb');
