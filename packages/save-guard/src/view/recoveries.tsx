import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { Recovery } from '@labkeeper/protocol';
import type { RecoveryWords } from '../recovery/recovery-words.js';

/** What the user may decide about a recovered copy. */
export type Decision = 'restore' | 'keep-both' | 'discard';

export interface IRecoveryRowProps {
  readonly recovery: Recovery;
  readonly nowMs: number;
  readonly recoveryWords: RecoveryWords;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  readonly onCompare: (recovery: Recovery) => void;
  readonly onDecide: (recovery: Recovery, decision: Decision) => void;
}

/** What a document held beyond its file, and what may become of it. */
export function RecoveryRow(props: IRecoveryRowProps): JSX.Element {
  const { recovery, recoveryWords, say, trans, nowMs, onCompare, onDecide } = props;
  const { copyPath, lastAtMs, savedAtMs, origin } = recovery;
  const problem = recoveryWords.problem(recovery);
  return (
    <div className="lk-Recovery">
      <span className="lk-Saves-when" title={lastAtMs > 0 ? say.moment(lastAtMs) : ''}>
        {recoveryWords.changes(recovery)}{' '}
        {lastAtMs > 0
          ? trans.__('Last change %1;', say.ago(lastAtMs, nowMs))
          : trans.__('When it was changed last cannot be read;')}{' '}
        {origin !== 'journal'
          ? trans.__('it comes from no journal.')
          : savedAtMs === null
            ? trans.__('the file had not been saved in that session.')
            : trans.__('file saved %1.', say.ago(savedAtMs, nowMs))}
      </span>
      {problem !== null && <span className="lk-Saves-why">{problem}</span>}
      <span className="lk-Recovery-actions">
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
    </div>
  );
}
