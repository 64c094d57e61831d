import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

/** One line or area of a chart. */
export interface ISeries {
  readonly label: string;
  /** The CSS variables `<colour>-line` and `<colour>-fill` of the theme. */
  readonly colour: string;
  readonly style: 'area' | 'dashed';
  /** `share`: an axis of its own from 0 to 1. */
  readonly scale?: 'share';
  readonly values: readonly (number | null)[];
}

export interface IChartProps {
  /** Read out instead of the picture. */
  readonly label: string;
  readonly atMs: readonly number[];
  readonly series: readonly ISeries[];
  /** The highest value that the axis must reach. */
  readonly top: number;
  /** Ticks only at multiples of these. */
  readonly increments: readonly number[];
  readonly sayValue: (value: number) => string;
  readonly sayTime: (atMs: number) => string;
  /** What stands under the chart for the row at the pointer. */
  readonly sayRow: (row: number) => string;
  /** Grows when the theme changes, so that the colours are read again. */
  readonly themeVersion: number;
}

const HEIGHT = 110;
/** Width of a character of the axes' font, in pixels; most are narrower. */
const CHARACTER = 6;
const MINUTE_MS = 60_000;
/** Ticks of time: never closer than its words can tell apart, which is a minute. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map(minutes => minutes * MINUTE_MS);

/** A chart of a history. Its values are also in a table, for whoever cannot see it. */
export function Chart(props: IChartProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = useRef(props);
  newest.current = props;

  const shape = props.series.map(({ label, style }) => `${label} ${style}`).join('\n');
  useEffect(() => {
    const node = host.current;
    if (!node) {
      return;
    }
    const made = new uPlot(
      options(node, newest, row => {
        if (readout.current) {
          readout.current.textContent = row === null ? '' : newest.current.sayRow(row);
        }
      }),
      data(newest.current),
      node
    );
    plot.current = made;
    const observer = new ResizeObserver(() => {
      if (node.clientWidth > 0) {
        made.setSize({ width: node.clientWidth, height: HEIGHT });
      }
    });
    observer.observe(node);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, props.themeVersion]);

  useEffect(() => {
    plot.current?.setData(data(props));
  });

  return (
    <div className="lk-Chart">
      <div ref={host} className="lk-Chart-picture" role="img" aria-label={props.label} />
      <div ref={readout} className="lk-Chart-readout" aria-hidden="true" />
    </div>
  );
}

function data({ atMs, series }: IChartProps): uPlot.AlignedData {
  return [[...atMs], ...series.map(({ values }) => [...values])];
}

function options(
  node: HTMLElement,
  newest: { readonly current: IChartProps },
  pointAt: (row: number | null) => void
): uPlot.Options {
  const theme = getComputedStyle(node);
  const variable = (name: string): string => theme.getPropertyValue(name).trim();
  const text = variable('--jp-ui-font-color1');
  const grid = variable('--jp-border-color2');
  const font = `10px ${variable('--jp-ui-font-family') || 'sans-serif'}`;
  return {
    width: Math.max(node.clientWidth, 100),
    height: HEIGHT,
    ms: 1,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 5 } },
    scales: {
      // Never empty, so that a first sample is drawn at the right edge and not across the whole chart.
      x: { time: true },
      y: { range: (_, __, max) => [0, Math.max(newest.current.top, max ?? 0) * 1.05 || 1] },
      share: { range: [0, 1] }
    },
    axes: [
      {
        stroke: text,
        font,
        size: 22,
        gap: 2,
        space: 60,
        incrs: TIME_STEPS,
        grid: { show: false },
        ticks: { stroke: grid, size: 4, width: 1 },
        values: (_, splits) => splits.map(newest.current.sayTime)
      },
      {
        stroke: text,
        font,
        // Units are longer in some languages.
        size: (_, values) => Math.max(48, ...(values ?? []).map(word => 8 + CHARACTER * word.length)),
        gap: 3,
        space: 26,
        incrs: [...newest.current.increments],
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        values: (_, splits) => splits.map(newest.current.sayValue)
      }
    ],
    series: [{}, ...newest.current.series.map(series => strokeAndFill(series, variable))],
    hooks: { setCursor: [({ cursor }) => pointAt(cursor.idx ?? null)] }
  };
}

function strokeAndFill(series: ISeries, variable: (name: string) => string): uPlot.Series {
  return {
    label: series.label,
    scale: series.scale ?? 'y',
    stroke: variable(`${series.colour}-line`) || 'grey',
    width: series.style === 'dashed' ? 1.5 : 1,
    points: { show: false },
    ...(series.style === 'dashed' ? { dash: [5, 3] } : { fill: variable(`${series.colour}-fill`) || 'grey' })
  };
}
