import type { ICompareProps } from './compare.js';

/** The document is what was chosen: what becomes of the other version. */
export function Outcome({
  kind,
  model,
  path,
  otherPath,
  trans,
  onOther
}: ICompareProps & { kind: 'saved' | 'unsaved' }): JSX.Element {
  if (kind === 'unsaved') {
    return (
      <div role="alert">
        <p>
          {trans.__(
            '“%1” holds the result, but its file could not be written yet. The light in its toolbar says why.',
            path
          )}
        </p>
        <button type="button" className="lk-Button" onClick={() => void model.saveAgain()}>
          {trans.__('Save again')}
        </button>
      </div>
    );
  }
  return (
    <div role="status">
      <p>{trans.__('The result is saved in “%1”. What shall become of the other version?', path)}</p>
      <p className="lk-Compare-note">{otherPath}</p>
      <div className="lk-Compare-buttons">
        <button type="button" className="lk-Button" onClick={() => onOther('keep')}>
          {trans.__('Keep it beside the document')}
        </button>
        <button type="button" className="lk-Button" onClick={() => onOther('delete')}>
          {trans.__('Delete it')}
        </button>
      </div>
    </div>
  );
}
