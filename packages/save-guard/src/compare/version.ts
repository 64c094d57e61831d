import { textOf, type NotebookCell } from '@labkeeper/core';

/** What a document holds, as far as it can be compared. */
export type Version =
  | {
      readonly kind: 'notebook';
      readonly cells: readonly NotebookCell[];
      /** Of the notebook, without what the kernel writes there by itself. */
      readonly metadata: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'text'; readonly text: string };

/** Why two versions cannot be compared here. */
export type Refusal = 'missing' | 'too-large' | 'unreadable' | 'no-answer' | 'another-kind';

/** A notebook as the contents API or a page gives it. @returns null for what is none. */
export function notebookVersion(content: unknown): Version | null {
  const { cells, metadata } = fieldsOf(content);
  if (!Array.isArray(cells) || !cells.every(isObject)) {
    return null;
  }
  const { language_info: _, orig_nbformat: __, ...rest } = fieldsOf(metadata);
  return { kind: 'notebook', cells, metadata: rest };
}

/** A cell's list of outputs; whatever is no object in it is left out. */
export function outputsOf(cell: NotebookCell): readonly Readonly<Record<string, unknown>>[] {
  const outputs = cell['outputs'];
  return Array.isArray(outputs) ? outputs.filter(isObject) : [];
}

/** The first line that is not empty. */
export function firstLineOf(cell: NotebookCell): string {
  return (
    textOf(cell['source'])
      .split('\n')
      .find(line => line.trim() !== '') ?? ''
  );
}

/** The fields of a JSON object; none for anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
