import type { TranslationBundle } from '@jupyterlab/translation';
import type { IComparedRow, NotebookCell } from '@labkeeper/core';
import { firstLineOf } from '../../compare/version.js';

/** Lines or cells that are named when they are unfolded. */
const NAMED = 200;

/** Pieces that are the same in both versions, folded. */
export function EqualRows({
  rows,
  trans
}: {
  rows: readonly IComparedRow<NotebookCell | string>[];
  trans: TranslationBundle;
}): JSX.Element {
  const lines = rows.flatMap(({ left }) =>
    typeof left === 'string' ? left.replace(/\n$/, '').split('\n') : left ? [firstLineOf(left)] : []
  );
  const isText = typeof rows[0]?.left === 'string';
  return (
    <details className="lk-Compare-equal">
      <summary>
        {isText
          ? trans._n('%1 equal line', '%1 equal lines', lines.length)
          : trans._n('%1 equal cell', '%1 equal cells', lines.length)}
      </summary>
      <ol className="lk-Compare-lines">
        {lines.slice(0, NAMED).map((line, at) => (
          <li key={at}>
            <code>{line.slice(0, NAMED)}</code>
          </li>
        ))}
      </ol>
      {lines.length > NAMED && (
        <p className="lk-Compare-note">
          {trans._n('%1 more line is not shown', '%1 more lines are not shown', lines.length - NAMED)}
        </p>
      )}
    </details>
  );
}
