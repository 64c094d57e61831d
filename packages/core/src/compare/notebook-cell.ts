/** A cell as the notebook format has it; whatever a file may hold. */
export type NotebookCell = Readonly<Record<string, unknown>>;

/** A text of the notebook format: a string, or its lines. Anything else is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : isText(value) ? value.join('') : '';
}

/** Whether it is a list of lines. */
export function isText(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(line => typeof line === 'string');
}
