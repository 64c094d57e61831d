import type { YCell } from './cell-changes.js';

const FIELDS = [
  'id',
  'cell_type',
  'source',
  'metadata',
  'attachments',
  'execution_count',
  'outputs'
] as const;

/**
 * A cell as it is saved: without what only the page knows.
 *
 * @param withOutputs - outputs can be large; false = they are not read.
 */
export function fileCell(cell: YCell, withOutputs = true): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of FIELDS) {
    if (!cell.has(field) || (field === 'outputs' && !withOutputs)) {
      continue;
    }
    const value = plain(cell.get(field));
    // A cell without attachments is saved without the word.
    if (field !== 'attachments' || value !== undefined) {
      result[field] = field === 'metadata' ? withoutTrust(value) : value;
    }
  }
  return result;
}

/** What a shared type holds, as JSON. */
export function plain(value: unknown): unknown {
  return hasJSON(value) ? value.toJSON() : value;
}

function hasJSON(value: unknown): value is { toJSON(): unknown } {
  return (
    typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function'
  );
}

function withoutTrust(metadata: unknown): Record<string, unknown> {
  const { trusted: _, ...rest } = { ...(metadata as Record<string, unknown> | undefined) };
  return rest;
}
