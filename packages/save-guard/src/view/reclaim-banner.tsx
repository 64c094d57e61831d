import type { TranslationBundle } from '@jupyterlab/translation';
import type { KernelLoss, Reclaim } from '@labkeeper/protocol';
import type { LossWords } from '../reclaim/loss-words.js';
import type { ReclaimWords } from '../reclaim/reclaim-words.js';

export interface IReclaimBannerProps {
  readonly reclaim: Reclaim;
  /** By the server's clock. */
  readonly nowMs: number;
  readonly documents: number;
  readonly unsafe: readonly string[];
  readonly losses: readonly KernelLoss[];
  readonly words: ReclaimWords;
  readonly lossWords: LossWords;
  readonly trans: TranslationBundle;
  readonly onDocuments: () => void;
  readonly onLosses: () => void;
  readonly onEndTrial: () => void;
}

/** The countdown above everything else. Screen readers hear it once and when what is safe or done changes. */
export function ReclaimBanner(props: IReclaimBannerProps): JSX.Element {
  const { reclaim, nowMs, documents, unsafe, losses, words, lossWords, trans } = props;
  const { onDocuments, onLosses, onEndTrial } = props;
  const checkpoints = losses
    .filter(({ checkpoint }) => checkpoint && checkpoint.state !== 'not-run')
    .map(loss => `${lossWords.checkpoint(loss, nowMs)}.`);
  const variables = lossWords.summary(losses, nowMs);
  return (
    <div className={`lk-Reclaim ${unsafe.length === 0 ? 'lk-mod-safe' : ''}`} role="alert">
      <span className="lk-Reclaim-sign" aria-hidden="true">
        ⚠
      </span>
      <strong className="lk-Reclaim-headline" aria-live="off">
        {words.headline(reclaim, nowMs)}
      </strong>{' '}
      <span className="lk-Reclaim-progress" title={unsafe.join('\n')}>
        {words.progress(documents, unsafe.length)}
      </span>
      <span className="lk-Reclaim-actions">
        {losses.length > 0 && (
          <button type="button" className="lk-Button" onClick={onLosses}>
            {trans.__('What will be lost')}
          </button>
        )}
        <button type="button" className="lk-Button" onClick={onDocuments}>
          {trans.__('Show documents')}
        </button>
        {reclaim.kind === 'trial' && (
          <button type="button" className="lk-Button" onClick={onEndTrial}>
            {trans.__('End the trial')}
          </button>
        )}
      </span>
      {losses.length > 0 && (
        <span className="lk-Reclaim-details" title={[...checkpoints, variables].join('\n')}>
          {checkpoints.join(' ')} <span aria-live="off">{variables}</span>
        </span>
      )}
    </div>
  );
}
