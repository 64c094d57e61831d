import type { ISeries } from './chart.js';

/** Which sign in the chart means what. The chart's own text says the rest. */
export function Legend({ series }: { readonly series: readonly ISeries[] }): JSX.Element {
  return (
    <ul className="lk-Legend" aria-hidden="true">
      {series.map(({ label, colour, style }) => (
        <li key={label}>
          <span
            className={`lk-Legend-sign lk-mod-${style}`}
            style={{
              borderColor: `var(${colour}-line)`,
              background: style === 'area' ? `var(${colour}-fill)` : 'none'
            }}
          />
          {label}
        </li>
      ))}
    </ul>
  );
}
