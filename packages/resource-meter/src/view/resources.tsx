import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import { useState } from 'react';
import type { IEventWords } from '../events.js';
import type { KernelActions } from '../kernel-actions.js';
import type { MeterModel } from '../model.js';
import type { ChartRange } from '../settings.js';
import { Banner } from './banner.js';
import { EventsSection } from './events-section.js';
import { CpuChart, MemoryChart } from './history-chart.js';
import { KernelsSection } from './kernels-section.js';
import { offWords } from './off-words.js';
import { CpuSection, GpuSections, MachineSection, MemorySection } from './usage-sections.js';

export interface IResourcesProps {
  readonly model: MeterModel;
  readonly actions: KernelActions;
  readonly words: IEventWords | null;
  /** Opens the page "Get help". */
  readonly onHelp: () => void;
  readonly themeVersion: number;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  /** For times before the first sample came, in ms since the epoch. */
  readonly pageNowMs: number;
}

/** The whole panel. Drawn anew with each sample while it is seen. */
export function Resources(props: IResourcesProps): JSX.Element {
  const { model, say, trans, words, actions } = props;
  const { companion, settings } = model;
  const { sample, state } = companion;
  const [range, setRange] = useState<ChartRange>(settings.chartRange);
  const [asTable, setAsTable] = useState(false);
  if (state === 'disabled' || model.isDisabled) {
    return (
      <div className="lk-Banner lk-mod-disabled" role="status">
        <p>{offWords(companion, trans)}</p>
      </div>
    );
  }
  // The companion's own clock, so that a page whose clock is wrong still says "3 min".
  const nowMs = sample?.atMs ?? props.pageNowMs;
  const history = range === 'recent' ? companion.recent : companion.day;
  const chart = history && { history, asTable, themeVersion: props.themeVersion, nowMs, say, trans };
  return (
    <>
      <Banner
        state={state}
        reason={companion.reason}
        hasSample={sample !== null}
        trans={trans}
        onRetry={() => companion.reconnect()}
      />
      <div className={state === 'connected' ? 'lk-Live' : 'lk-Live lk-mod-stale'}>
        {sample && (
          <>
            <Ranges {...{ range, setRange, asTable, setAsTable, trans }} />
            <MemorySection sample={sample} reading={model.memory} say={say} trans={trans}>
              {chart && <MemoryChart {...chart} memory={sample.memory} />}
            </MemorySection>
            <CpuSection sample={sample} say={say} trans={trans}>
              {chart && <CpuChart {...chart} cpu={sample.cpu} />}
            </CpuSection>
            <GpuSections sample={sample} say={say} trans={trans} />
          </>
        )}
        {companion.info && (
          <KernelsSection
            rows={model.kernels}
            nowMs={nowMs}
            say={say}
            trans={trans}
            canShow={row => actions.canShow(row)}
            onShow={row => void actions.show(row)}
            onShutDown={row => void actions.shutDown(row)}
          />
        )}
        {sample && <MachineSection sample={sample} say={say} trans={trans} />}
        {companion.info && (
          <EventsSection
            onHelp={props.onHelp}
            events={model.events}
            nowMs={nowMs}
            words={words}
            say={say}
            trans={trans}
          />
        )}
      </div>
    </>
  );
}

function Ranges(props: {
  readonly range: ChartRange;
  readonly setRange: (range: ChartRange) => void;
  readonly asTable: boolean;
  readonly setAsTable: (asTable: boolean) => void;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { range, asTable, trans } = props;
  const ranges: readonly (readonly [ChartRange, string])[] = [
    ['recent', trans.__('15 min')],
    ['day', trans.__('24 h')]
  ];
  return (
    <div className="lk-Ranges" role="group" aria-label={trans.__('What the charts show')}>
      {ranges.map(([value, label]) => (
        <button
          key={value}
          type="button"
          className="lk-Button"
          aria-pressed={range === value}
          onClick={() => props.setRange(value)}
        >
          {label}
        </button>
      ))}
      <button
        type="button"
        className="lk-Button lk-mod-end"
        aria-pressed={asTable}
        onClick={() => props.setAsTable(!asTable)}
      >
        {trans.__('As table')}
      </button>
    </div>
  );
}
