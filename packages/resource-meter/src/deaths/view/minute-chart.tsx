import type { Speech } from '../speech.js';

const WIDTH = 120;
const HEIGHT = 28;

export interface IMinuteChartProps {
  /** Unreclaimable memory, oldest first. */
  readonly bytes: readonly number[];
  readonly limitBytes: number | null;
  readonly speech: Speech;
}

/** The last minute of memory against the limit: a small picture, and the same in a sentence. */
export function MinuteChart({ bytes, limitBytes, speech }: IMinuteChartProps): JSX.Element | null {
  const first = bytes[0];
  const last = bytes.at(-1);
  if (first === undefined || last === undefined || bytes.length < 2) {
    return null;
  }
  const { trans, quantities } = speech;
  const highest = Math.max(1, limitBytes ?? 0, ...bytes);
  const x = (index: number): string => ((index / (bytes.length - 1)) * WIDTH).toFixed(1);
  const y = (value: number): string => (HEIGHT - 1 - (value / highest) * (HEIGHT - 2)).toFixed(1);
  const line = bytes.map((value, index) => `${x(index)},${y(value)}`).join(' ');
  const sentence = trans.__(
    'Memory in the last 60 s: from %1 to %2.',
    quantities.bytes(first),
    quantities.bytes(last)
  );
  return (
    <span className="lk-Minute">
      <svg
        className="lk-Minute-chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={sentence}
        preserveAspectRatio="none"
      >
        <polygon className="lk-Minute-area" points={`0,${HEIGHT} ${line} ${WIDTH},${HEIGHT}`} />
        <polyline className="lk-Minute-line" points={line} />
        {limitBytes !== null && (
          <line className="lk-Minute-limit" x1="0" x2={WIDTH} y1={y(limitBytes)} y2={y(limitBytes)} />
        )}
      </svg>
      <span className="lk-Minute-caption">{trans.__('last 60 s')}</span>
    </span>
  );
}
