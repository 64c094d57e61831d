import { isText, textOf, type NotebookCell } from './notebook-cell.js';

/** Of an output: how often something was run is no difference by itself. */
const COUNTS: ReadonlySet<string> = new Set(['execution_count']);
/** Of a cell's metadata: what the page notes for itself, and never writes to the file. */
const TRANSIENT: ReadonlySet<string> = new Set(['trusted']);

/**
 * Whether two cells are the same for those who work with them: not by their ids, which older files do not have, nor by
 * the number of their run.
 */
export function sameCell(a: NotebookCell, b: NotebookCell): boolean {
  return (
    a['cell_type'] === b['cell_type'] &&
    textOf(a['source']) === textOf(b['source']) &&
    sameOutputs(a, b) &&
    sameDetails(a, b)
  );
}

/** Whether two cells show the same outputs. */
export function sameOutputs(a: NotebookCell, b: NotebookCell): boolean {
  const left = listOf(a['outputs']);
  const right = listOf(b['outputs']);
  return left.length === right.length && left.every((output, at) => same(output, right[at], COUNTS));
}

/** Whether metadata and attachments of two cells are the same. */
export function sameDetails(a: NotebookCell, b: NotebookCell): boolean {
  return (
    same(a['metadata'] ?? {}, b['metadata'] ?? {}, TRANSIENT) &&
    same(a['attachments'] ?? {}, b['attachments'] ?? {})
  );
}

/**
 * Whether two JSON values are the same; a list of lines is the same as the text that they are.
 *
 * @param but - keys of the values themselves that do not count.
 */
export function same(a: unknown, b: unknown, but: ReadonlySet<string> = new Set()): boolean {
  if (a === b) {
    return true;
  }
  if (typeof a === 'string' || typeof b === 'string') {
    return (
      (typeof a === 'string' || isText(a)) && (typeof b === 'string' || isText(b)) && textOf(a) === textOf(b)
    );
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => same(item, b[at]));
  }
  if (!isObject(a) || !isObject(b)) {
    return false;
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every(key => but.has(key) || same(a[key], b[key]));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
