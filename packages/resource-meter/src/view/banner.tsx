import type { TranslationBundle } from '@jupyterlab/translation';
import type { CompanionState } from '@labkeeper/labkit';

export interface IBannerProps {
  readonly state: CompanionState;
  readonly reason: string;
  readonly hasSample: boolean;
  readonly trans: TranslationBundle;
  readonly onRetry: () => void;
}

/** What is to be said instead of, or above, numbers: nothing while all is well. */
export function Banner({ state, reason, hasSample, trans, onRetry }: IBannerProps): JSX.Element {
  const text =
    state === 'connected'
      ? hasSample
        ? ''
        : trans.__('The first numbers come within a second or two.')
      : reason || trans.__('Connecting to the companion…');
  return (
    <div className={`lk-Banner lk-mod-${state}`} role="status" hidden={text === ''}>
      <p>{text}</p>
      {state === 'away' && hasSample && <p>{trans.__('The numbers below are the last ones that came.')}</p>}
      {state === 'away' && (
        <button type="button" className="lk-Button" onClick={onRetry}>
          {trans.__('Retry')}
        </button>
      )}
    </div>
  );
}
