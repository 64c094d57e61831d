import type { TranslationBundle } from '@jupyterlab/translation';
import type { Reclaim } from '@labkeeper/protocol';
import type { ReclaimWords } from '../reclaim/reclaim-words.js';

export interface IReclaimBannerProps {
  readonly reclaim: Reclaim;
  readonly nowMs: number;
  readonly documents: number;
  readonly unsafe: readonly string[];
  readonly words: ReclaimWords;
  readonly trans: TranslationBundle;
  readonly onDetails: () => void;
  readonly onEndTrial: () => void;
}

/** The countdown above everything else. Screen readers hear it once and when the number of unsafe documents changes. */
export function ReclaimBanner(props: IReclaimBannerProps): JSX.Element {
  const { reclaim, nowMs, documents, unsafe, words, trans, onDetails, onEndTrial } = props;
  return (
    <div className={`lk-Reclaim ${unsafe.length === 0 ? 'lk-mod-safe' : ''}`} role="alert">
      <span className="lk-Reclaim-sign" aria-hidden="true">
        ⚠
      </span>
      <strong className="lk-Reclaim-headline" aria-live="off">
        {words.headline(reclaim, nowMs)}
      </strong>{' '}
      <span title={unsafe.join('\n')}>{words.progress(documents, unsafe.length)}</span>{' '}
      <span className="lk-Reclaim-variables">{words.variables}</span>
      <span className="lk-Reclaim-actions">
        <button type="button" className="lk-Button" onClick={onDetails}>
          {trans.__('Show documents')}
        </button>
        {reclaim.kind === 'trial' && (
          <button type="button" className="lk-Button" onClick={onEndTrial}>
            {trans.__('End the trial')}
          </button>
        )}
      </span>
    </div>
  );
}
