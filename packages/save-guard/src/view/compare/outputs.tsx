import type { TranslationBundle } from '@jupyterlab/translation';
import type { NotebookCell } from '@labkeeper/core';
import { shownOutputs, type ShownOutput } from '../../compare/shown-outputs.js';

/** What one version of a cell shows: text and images; the rest is named. */
export function Outputs({
  title,
  cell,
  trans
}: {
  /** Which version it is of. */
  readonly title: string;
  readonly cell: NotebookCell | null;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { shown, more } = cell ? shownOutputs(cell) : { shown: [], more: 0 };
  return (
    <div className="lk-Compare-outputs">
      <p className="lk-Compare-note">{title}</p>
      {shown.length === 0 && <p className="lk-Compare-note">{trans.__('No output')}</p>}
      {shown.map((output, at) => (
        <Output key={at} output={output} trans={trans} />
      ))}
      {more > 0 && (
        <p className="lk-Compare-note">
          {trans._n('%1 more output is not shown', '%1 more outputs are not shown', more)}
        </p>
      )}
    </div>
  );
}

function Output({ output, trans }: { output: ShownOutput; trans: TranslationBundle }): JSX.Element {
  switch (output.kind) {
    case 'text':
      return (
        <>
          <pre className="lk-Compare-text">{output.text}</pre>
          {output.moreLines > 0 && (
            <p className="lk-Compare-note">
              {trans._n('%1 more line is not shown', '%1 more lines are not shown', output.moreLines)}
            </p>
          )}
        </>
      );
    case 'image':
      return <img className="lk-Compare-image" src={output.source} alt={trans.__('An image')} />;
    case 'error':
      return <pre className="lk-Compare-text lk-mod-error">{output.text}</pre>;
    case 'other':
      return <p className="lk-Compare-note">{trans.__('Shown only in the notebook: %1', output.types)}</p>;
  }
}
