import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { IKeptCopy } from '../kept/kept-copies.js';

export interface IKeptProps {
  readonly copies: readonly IKeptCopy[];
  readonly nowMs: number;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  readonly onOpen: (path: string) => void;
  readonly onCompareKept: (copy: IKeptCopy) => void;
  readonly onKeep: (copy: IKeptCopy) => void;
  readonly onRemove: (copy: IKeptCopy) => void;
}

/** Versions that somebody else wrote, until the user decides about them. */
export function Kept(props: IKeptProps): JSX.Element | null {
  const { copies, trans } = props;
  return copies.length === 0 ? null : (
    <section className="lk-Kept" aria-labelledby="lk-kept-title">
      <h3 className="lk-Saves-title" id="lk-kept-title">
        {trans.__('Kept twice')}
      </h3>
      <p>
        {trans.__(
          'Somebody else wrote these files too, and both versions are kept. You can choose now or later.'
        )}
      </p>
      <ul className="lk-Saves-list">
        {copies.map(copy => (
          <Row key={copy.copyPath} copy={copy} {...props} />
        ))}
      </ul>
    </section>
  );
}

function Row({ copy, ...props }: IKeptProps & { copy: IKeptCopy }): JSX.Element {
  const { say, trans, nowMs, onOpen, onCompareKept, onKeep, onRemove } = props;
  const { path, copyPath, changedAtMs } = copy;
  return (
    <li className="lk-Saves-row">
      <strong className="lk-Saves-path" title={path}>
        {path}
      </strong>
      <span className="lk-Saves-kept">
        {trans.__('The other version is kept as')}{' '}
        <button type="button" className="lk-Link" onClick={() => onOpen(copyPath)}>
          {copyPath}
        </button>
      </span>
      {changedAtMs !== null && (
        <span className="lk-Saves-when" title={say.moment(changedAtMs)}>
          {trans.__('It was written %1.', say.ago(changedAtMs, nowMs))}
        </span>
      )}
      <span className="lk-Recovery-actions">
        <button type="button" className="lk-Button" onClick={() => onCompareKept(copy)}>
          {trans.__('Compare')}
        </button>
        <button type="button" className="lk-Button" onClick={() => onKeep(copy)}>
          {trans.__('Keep both')}
        </button>
        <button type="button" className="lk-Button" onClick={() => onRemove(copy)}>
          {trans.__('Delete the other…')}
        </button>
      </span>
    </li>
  );
}
