import type { SharedCell } from '@jupyter/ydoc';
import type * as nbformat from '@jupyterlab/nbformat';
import { textOf, type NotebookCell } from '@labkeeper/core';
import { fieldsOf, outputsOf } from './version.js';

/**
 * A cell of a file as a notebook in the page takes it. What it shows is as trusted as the file that it came from: the
 * server said so when it gave the file.
 *
 * @param ids - of the cells that the notebook has: the cell gets a new one where its own is taken.
 */
export function toSharedCell(cell: NotebookCell, ids: ReadonlySet<string>): SharedCell.Cell {
  const { id, cell_type: type, execution_count: count } = cell;
  const common = {
    ...(typeof id === 'string' && !ids.has(id) ? { id } : {}),
    metadata: partial(cell['metadata']),
    source: textOf(cell['source'])
  };
  if (type === 'code') {
    return {
      ...common,
      cell_type: 'code',
      execution_count: typeof count === 'number' ? count : null,
      outputs: outputsOf(cell).map(output => output as nbformat.IOutput)
    };
  }
  const attachments =
    cell['attachments'] === undefined ? {} : { attachments: cell['attachments'] as nbformat.IAttachments };
  return { ...common, ...attachments, cell_type: type === 'markdown' ? 'markdown' : 'raw' };
}

function partial(value: unknown): Partial<nbformat.ICellMetadata> {
  return { ...fieldsOf(value) } as Partial<nbformat.ICellMetadata>;
}
