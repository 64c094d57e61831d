import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { CpuUsage, History, MemoryUsage } from '@labkeeper/protocol';
import { historyTable } from '../history-table.js';
import { Chart, type ISeries } from './chart.js';
import { Legend } from './legend.js';

export interface IHistoryChartProps {
  readonly history: History;
  readonly asTable: boolean;
  readonly themeVersion: number;
  readonly nowMs: number;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
}

/** Powers of two, so that the axis says 1 GB and 2 GB and not 953 MB. */
const BYTE_STEPS = Array.from({ length: 30 }, (_, i) => 2 ** (20 + i));
const CORE_STEPS = [0.1, 0.2, 0.5, 1, 2, 4, 8, 16, 32, 64, 128];

/** Memory over time: what cannot be freed, cache on top of it, and the limit. */
export function MemoryChart(
  props: IHistoryChartProps & { readonly memory: MemoryUsage | null }
): JSX.Element {
  const { history, memory, say, trans, nowMs } = props;
  const limited = memory?.limitBytes != null && memory.limitSource !== 'machine';
  const limitBytes = limited ? memory.limitBytes : null;
  if (props.asTable) {
    return (
      <HistoryTable
        {...props}
        caption={trans.__('Memory over time')}
        heads={[trans.__('In use, highest'), trans.__('Cache')]}
        cells={row => [bytesOrNothing(row.unreclaimableBytes, say), bytesOrNothing(row.cacheBytes, say)]}
      />
    );
  }
  const used = history.unreclaimableBytes;
  const series: ISeries[] = [
    {
      label: trans.__('cache'),
      colour: '--lk-cache',
      style: 'area',
      values: used.map((bytes, row) => (bytes === null ? null : bytes + (history.cacheBytes[row] ?? 0)))
    },
    { label: trans.__('in use'), colour: '--lk-used', style: 'area', values: used }
  ];
  if (limitBytes !== null) {
    series.push({
      label: trans.__('limit'),
      colour: '--lk-limit',
      style: 'dashed',
      values: used.map(() => limitBytes)
    });
  }
  const highest = Math.max(0, ...used.filter(bytes => bytes !== null));
  return (
    <>
      <Chart
        label={trans.__(
          'Chart of memory since %1: now %2 in use, highest %3.',
          say.clock(history.atMs[0] ?? nowMs, nowMs),
          bytesOrNothing(used.at(-1) ?? null, say),
          say.bytes(highest)
        )}
        atMs={history.atMs}
        series={series}
        top={limitBytes ?? 0}
        increments={BYTE_STEPS}
        sayValue={bytes => say.bytes(bytes)}
        sayTime={atMs => say.clock(atMs, nowMs)}
        sayRow={row =>
          trans.__(
            '%1: %2 in use, %3 cache',
            say.moment(history.atMs[row] ?? nowMs),
            bytesOrNothing(used[row] ?? null, say),
            bytesOrNothing(history.cacheBytes[row] ?? null, say)
          )
        }
        themeVersion={props.themeVersion}
      />
      <Legend series={series.toReversed()} />
    </>
  );
}

/** CPU over time: cores in use, the quota, and the share of throttled time. */
export function CpuChart(props: IHistoryChartProps & { readonly cpu: CpuUsage | null }): JSX.Element {
  const { history, cpu, say, trans, nowMs } = props;
  const quotaCores = cpu?.quotaCores ?? null;
  if (props.asTable) {
    return (
      <HistoryTable
        {...props}
        caption={trans.__('CPU over time')}
        heads={[trans.__('Cores, mean'), trans.__('Throttled')]}
        cells={row => [
          row.cpuCores === null ? '–' : say.number(row.cpuCores),
          row.throttledShare === null ? '–' : say.share(row.throttledShare)
        ]}
      />
    );
  }
  const series: ISeries[] = [
    { label: trans.__('CPU'), colour: '--lk-used', style: 'area', values: history.cpuCores }
  ];
  if (quotaCores !== null) {
    series.push(
      {
        label: trans.__('throttled'),
        colour: '--lk-throttled',
        style: 'area',
        scale: 'share',
        values: history.throttledShare
      },
      {
        label: trans.__('quota'),
        colour: '--lk-limit',
        style: 'dashed',
        values: history.cpuCores.map(() => quotaCores)
      }
    );
  }
  const highest = Math.max(0, ...history.cpuCores.filter(cores => cores !== null));
  const last = history.cpuCores.at(-1) ?? null;
  return (
    <>
      <Chart
        label={trans.__(
          'Chart of CPU since %1: now %2 cores, highest %3.',
          say.clock(history.atMs[0] ?? nowMs, nowMs),
          last === null ? '–' : say.number(last),
          say.number(highest)
        )}
        atMs={history.atMs}
        series={series}
        top={quotaCores ?? 1}
        increments={CORE_STEPS}
        sayValue={cores => say.number(cores)}
        sayTime={atMs => say.clock(atMs, nowMs)}
        sayRow={row => {
          const cores = history.cpuCores[row] ?? null;
          const throttled = history.throttledShare[row] ?? null;
          const moment = say.moment(history.atMs[row] ?? nowMs);
          return cores === null
            ? trans.__('%1: not measured', moment)
            : throttled === null
              ? trans.__('%1: %2 cores', moment, say.number(cores))
              : trans.__('%1: %2 cores, throttled %3', moment, say.number(cores), say.share(throttled));
        }}
        themeVersion={props.themeVersion}
      />
      <Legend series={series} />
    </>
  );
}

type Row = ReturnType<typeof historyTable>[number];

function HistoryTable(
  props: IHistoryChartProps & {
    readonly caption: string;
    readonly heads: readonly string[];
    readonly cells: (row: Row) => readonly string[];
  }
): JSX.Element {
  const { history, say, trans, nowMs } = props;
  return (
    <div className="lk-Table" role="region" aria-label={props.caption} tabIndex={0}>
      <table>
        <caption className="lk-hidden">{props.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Time')}</th>
            {props.heads.map(head => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {historyTable(history).map(row => (
            <tr key={row.fromMs}>
              <th scope="row">{say.clock(row.fromMs, nowMs)}</th>
              {props.cells(row).map((cell, column) => (
                <td key={props.heads[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function bytesOrNothing(bytes: number | null, say: Quantities): string {
  return bytes === null ? '–' : say.bytes(bytes);
}
