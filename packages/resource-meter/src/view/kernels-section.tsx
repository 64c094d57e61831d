import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import type { Quantities } from '@labkeeper/labkit';
import type { IKernelRow } from '../kernel-rows.js';
import { Section } from './section.js';

export interface IKernelsProps {
  readonly rows: readonly IKernelRow[];
  readonly nowMs: number;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  readonly canShow: (row: IKernelRow) => boolean;
  readonly onShow: (row: IKernelRow) => void;
  readonly onShutDown: (row: IKernelRow) => void;
}

/** All kernels, any language, the one with most memory first. */
export function KernelsSection(props: IKernelsProps): JSX.Element {
  const { rows, trans } = props;
  return (
    <Section title={trans.__('Kernels')} value={rows.length > 0 ? rows.length : undefined}>
      {rows.length === 0 ? (
        <p className="lk-Note">
          {trans.__(
            'No kernel runs. Each notebook or console that you open starts one; it is then listed here.'
          )}
        </p>
      ) : (
        <ul className="lk-List">
          {rows.map(row => (
            <KernelItem key={row.kernelId} {...props} row={row} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function KernelItem(props: IKernelsProps & { readonly row: IKernelRow }): JSX.Element {
  const { row, say, trans } = props;
  const shutDown = row.usage
    ? trans.__('Shut down the kernel of %1, which frees %2', row.title, say.bytes(row.usage.memoryBytes))
    : trans.__('Shut down the kernel of %1', row.title);
  return (
    <li className="lk-Row">
      <span className={`lk-State lk-mod-${stateSign(row.state)}`} aria-hidden="true" />
      <span className="lk-Row-title">
        {props.canShow(row) ? (
          <button
            type="button"
            className="lk-Link"
            title={row.path ?? row.title}
            onClick={() => props.onShow(row)}
          >
            {row.title}
          </button>
        ) : (
          <span title={row.path ?? row.title}>{row.title}</span>
        )}
      </span>
      <button
        type="button"
        className="lk-Button lk-mod-icon"
        title={shutDown}
        aria-label={shutDown}
        onClick={() => props.onShutDown(row)}
      >
        <closeIcon.react tag="span" width="14px" height="14px" />
      </button>
      <span className="lk-Row-facts">
        {kernelFacts(props).map(fact => (
          <span key={fact}>{fact}</span>
        ))}
      </span>
    </li>
  );
}

function kernelFacts({
  row,
  nowMs,
  say,
  trans
}: IKernelsProps & { readonly row: IKernelRow }): readonly string[] {
  const state = trans.__('%1 for %2', stateWord(row.state, trans), say.duration(nowMs - row.stateSinceMs));
  if (row.elsewhere) {
    return [state, row.kernelName, trans.__('runs elsewhere: not measured here')];
  }
  if (!row.usage) {
    return [state, row.kernelName, trans.__('not measured yet')];
  }
  const { memoryBytes, peakBytes, cpuCores, processes } = row.usage;
  return [
    state,
    row.kernelName,
    say.bytes(memoryBytes),
    trans.__('peak %1', say.bytes(peakBytes)),
    trans.__('%1 CPU', say.number(cpuCores)),
    trans._n('%1 process', '%1 processes', processes)
  ];
}

function stateSign(state: string): 'busy' | 'idle' | 'other' {
  return state === 'busy' || state === 'idle' ? state : 'other';
}

function stateWord(state: string, trans: TranslationBundle): string {
  switch (state) {
    case 'busy':
      return trans.__('busy');
    case 'idle':
      return trans.__('idle');
    case 'starting':
      return trans.__('starting');
    case 'restarting':
    case 'autorestarting':
      return trans.__('restarting');
    case 'dead':
      return trans.__('dead');
    default:
      return state || trans.__('unknown');
  }
}
