import type { YFile, YNotebook } from '@jupyter/ydoc';

/** Whether a document's shared model is that of a notebook. */
export function isNotebook(shared: unknown): shared is YNotebook {
  return typeof shared === 'object' && shared !== null && 'ydoc' in shared && 'nbformat_minor' in shared;
}

/** Whether a document's shared model is that of a text. */
export function isFile(shared: unknown): shared is YFile {
  return typeof shared === 'object' && shared !== null && 'ydoc' in shared && 'ysource' in shared;
}
