import type { YFile, YNotebook } from '@jupyter/ydoc';
import { partsOf, type Choice, type IComparedRow } from '@labkeeper/core';
import type * as nbformat from '@jupyterlab/nbformat';
import { METADATA, type Choices, type Comparison } from './comparison.js';
import { toSharedCell } from './shared-cell.js';

/** What is not decided stays as the document has it. */
const DEFAULT: Choice = 'left';

/** Makes a notebook what was chosen, in one step that can be undone. Cells that are taken from it are not touched. */
export function applyToNotebook(
  notebook: YNotebook,
  comparison: Extract<Comparison, { kind: 'notebook' }>,
  choices: Choices
): void {
  const steps = comparison.rows.map((row, place) => {
    const taken = partsOf(row, choices.get(place) ?? DEFAULT);
    return {
      isThere: row.left !== null,
      stays: taken.some(({ side }) => side === 'left'),
      other: taken.find(({ side }) => side === 'right')?.part ?? null
    };
  });
  const ids = idsThatStay(notebook, steps);
  notebook.transact(() => {
    // From the end, so that places before it stay what they are.
    let at = notebook.cells.length;
    for (const { isThere, stays, other } of [...steps].reverse()) {
      at -= isThere ? 1 : 0;
      if (isThere && !stays) {
        notebook.deleteCell(at);
      }
      if (other !== null) {
        const cell = toSharedCell(other, ids);
        ids.add(typeof cell.id === 'string' ? cell.id : '');
        notebook.insertCell(at + (stays ? 1 : 0), cell);
      }
    }
    applyMetadata(notebook, comparison, choices);
  });
}

function applyMetadata(
  notebook: YNotebook,
  { metadata }: Extract<Comparison, { kind: 'notebook' }>,
  choices: Choices
): void {
  if (!metadata.isEqual && choices.get(METADATA) === 'right' && metadata.right) {
    const { language_info } = notebook.getMetadata();
    const language = language_info === undefined ? {} : { language_info };
    notebook.setMetadata({ ...(metadata.right as Partial<nbformat.INotebookMetadata>), ...language });
  }
}

/** The ids of cells that are not touched. */
function idsThatStay(
  notebook: YNotebook,
  steps: readonly { readonly isThere: boolean; readonly stays: boolean }[]
): Set<string> {
  const staying = steps.filter(({ isThere }) => isThere).map(({ stays }) => stays);
  return new Set(notebook.cells.filter((_, at) => staying[at]).map(({ id }) => id));
}

/** Makes a text what was chosen, in one step that can be undone; only lines that change are touched. */
export function applyToText(file: YFile, rows: readonly IComparedRow<string>[], choices: Choices): void {
  file.transact(() => {
    let end = file.source.length;
    rows
      .map((row, place) => ({ row, choice: choices.get(place) ?? DEFAULT }))
      .reverse()
      .forEach(({ row, choice }) => {
        const before = row.left ?? '';
        const after = joined(partsOf(row, choice).map(({ part }) => part));
        const start = end - before.length;
        if (after !== before) {
          file.updateSource(start, end, after);
        }
        end = start;
      });
  });
}

/** A last line without a line end gets one before another follows it. */
function joined(parts: readonly string[]): string {
  return parts.reduce((text, part) => (text === '' || text.endsWith('\n') ? text : `${text}\n`) + part, '');
}
