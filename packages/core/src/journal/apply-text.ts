import type { FoldedRun } from './fold-run.js';
import { JournalError } from './journal-error.js';
import { applyEdits } from './text-edit.js';

/**
 * The text of a text file after a run. The page's text has only "\n": like JupyterLab, which this follows to the letter
 * (`Context` in @jupyterlab/docregistry), a text with any "\r\n" has all its line ends written so, one with "\r" alone
 * those.
 *
 * Half a surrogate pair in the text (`isWellFormed` tells) has no bytes in UTF-8: jupyter_server refuses to save it,
 * `Buffer` would put another character in its place. The choice is the caller's.
 *
 * @param original - the file's text, byte order mark included; '' for a run that begins with nothing.
 * @throws JournalError 'edit-past-end' or 'sum-mismatch'.
 */
export function applyText(original: string, run: FoldedRun): string {
  if (run.base.hash === null && original !== '') {
    throw new JournalError('other-file');
  }
  const change = run.text()?.source ?? null;
  if (change === null) {
    return original;
  }
  const lineEnd = lineEndOf(original);
  const before = lineEnd === '\n' ? original : original.replaceAll(lineEnd, '\n');
  const after = change.kind === 'whole' ? change.text : applyEdits(before, change.edits, 0);
  return after === before ? original : lineEnd === '\n' ? after : after.replaceAll('\n', lineEnd);
}

function lineEndOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : text.includes('\r') ? '\r' : '\n';
}
