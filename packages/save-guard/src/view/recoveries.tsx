import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { Recovery } from '@labkeeper/protocol';
import type { RecoveryWords } from '../recovery/recovery-words.js';

/** What the user may decide about a recovered copy. */
export type Decision = 'restore' | 'keep-both' | 'discard';

export interface IRecoveriesProps {
  readonly recoveries: readonly Recovery[];
  readonly nowMs: number;
  readonly words: RecoveryWords;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  readonly onCompare: (recovery: Recovery) => void;
  readonly onDecide: (recovery: Recovery, decision: Decision) => void;
}

/** Documents of an earlier server whose journal held more than their files. */
export function Recoveries(props: IRecoveriesProps): JSX.Element | null {
  const { recoveries, trans } = props;
  return recoveries.length === 0 ? null : (
    <section className="lk-Recoveries">
      <h3 className="lk-Saves-title">{trans.__('Recovered work')}</h3>
      <p>
        {trans.__(
          'These documents held more than their files when a page, a save or the last server ended. A copy of each lies beside the original.'
        )}
      </p>
      <ul className="lk-Saves-list">
        {recoveries.map(recovery => (
          <Row key={recovery.id} recovery={recovery} {...props} />
        ))}
      </ul>
    </section>
  );
}

function Row({ recovery, ...props }: IRecoveriesProps & { recovery: Recovery }): JSX.Element {
  const { words, say, trans, nowMs, onCompare, onDecide } = props;
  const { path, copyPath, problem, lastAtMs, savedAtMs, origin } = recovery;
  return (
    <li className="lk-Saves-row">
      <strong className="lk-Saves-path" title={path}>
        {path}
      </strong>
      <span className="lk-Saves-when" title={say.moment(lastAtMs)}>
        {words.changes(recovery)} {trans.__('Last change %1;', say.ago(lastAtMs, nowMs))}{' '}
        {origin !== 'journal'
          ? trans.__('it comes from no journal.')
          : savedAtMs === null
            ? trans.__('the file had not been saved in that session.')
            : trans.__('file saved %1.', say.ago(savedAtMs, nowMs))}
      </span>
      {problem !== null && <span className="lk-Saves-why">{words.problem(problem)}</span>}
      <span className="lk-Recoveries-actions">
        {copyPath !== null && (
          <>
            <button type="button" className="lk-Button" onClick={() => onDecide(recovery, 'restore')}>
              {trans.__('Restore')}
            </button>
            <button type="button" className="lk-Button" onClick={() => onCompare(recovery)}>
              {trans.__('Compare')}
            </button>
            <button type="button" className="lk-Button" onClick={() => onDecide(recovery, 'keep-both')}>
              {trans.__('Keep both')}
            </button>
          </>
        )}
        <button type="button" className="lk-Button" onClick={() => onDecide(recovery, 'discard')}>
          {trans.__('Discard…')}
        </button>
      </span>
    </li>
  );
}
