import type { TranslationBundle } from '@jupyterlab/translation';
import type { CompanionState, Quantities } from '@labkeeper/labkit';
import type { Sample } from '@labkeeper/protocol';
import { dangerWord, shortText, tooltipLines } from '../meter-words.js';
import type { IMemoryReading, Reading } from '../readings.js';

export interface IMeterProps {
  readonly state: CompanionState;
  readonly reason: string;
  readonly readings: readonly Reading[];
  /** The only one to be shown where room is scarce. */
  readonly worst: Reading | null;
  readonly sample: Sample | null;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  readonly onClick: () => void;
}

/** The item in the status bar: one button, whose parts are bars and short texts. */
export function Meter(props: IMeterProps): JSX.Element {
  const { state, reason, readings, worst, sample, say, trans } = props;
  const live = state === 'connected' && sample !== null && readings.length > 0;
  const details = live ? tooltipLines(sample, say, trans).join('\n') : reason;
  return (
    <button
      type="button"
      className="lk-Meter"
      title={details}
      aria-label={live ? spokenText(readings, say, trans) : `${trans.__('Resources')}: ${quietText(props)}`}
      onClick={props.onClick}
    >
      {live ? (
        readings.map(reading => (
          <span
            key={reading.kind}
            className={`lk-Meter-part lk-mod-${reading.level} ${reading === worst ? 'lk-mod-worst' : ''}`}
          >
            {reading.kind === 'memory' && <MemoryBar reading={reading} />}
            <span className="lk-Meter-text">{shortText(reading, say, trans)}</span>
            {reading.level === 'danger' && (
              <strong className="lk-Meter-word">{dangerWord(reading, trans)}</strong>
            )}
          </span>
        ))
      ) : (
        <span className="lk-Meter-part lk-mod-worst lk-mod-quiet">{quietText(props)}</span>
      )}
    </button>
  );
}

/** Two tones: what cannot be freed, and cache. */
export function MemoryBar({ reading }: { readonly reading: IMemoryReading }): JSX.Element | null {
  const { share, wholeBytes, cacheBytes } = reading;
  if (share === null || !wholeBytes) {
    return null;
  }
  const used = Math.min(1, share);
  const cache = Math.min(1 - used, cacheBytes / wholeBytes);
  return (
    <span className={`lk-Bar lk-mod-${reading.level}`} aria-hidden="true">
      <span className="lk-Bar-used" style={{ width: `${used * 100}%` }} />
      <span className="lk-Bar-cache" style={{ width: `${cache * 100}%` }} />
    </span>
  );
}

function quietText({ state, trans }: IMeterProps): string {
  switch (state) {
    case 'connected':
      return trans.__('measuring…');
    case 'connecting':
      return trans.__('connecting…');
    case 'away':
      return trans.__('Resources: not connected');
    case 'disabled':
      return trans.__('switched off');
  }
}

function spokenText(readings: readonly Reading[], say: Quantities, trans: TranslationBundle): string {
  const parts = readings.map(reading => {
    const text =
      reading.kind === 'memory'
        ? `${trans.__('Memory')} ${shortText(reading, say, trans)}`
        : shortText(reading, say, trans);
    const word = dangerWord(reading, trans);
    return word ? `${text}, ${word}` : text;
  });
  return `${trans.__('Resources')}: ${parts.join('; ')}`;
}
