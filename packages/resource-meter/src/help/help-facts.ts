import type { TranslationBundle } from '@jupyterlab/translation';
import type { ICompanion, Quantities } from '@labkeeper/labkit';
import { atMs, pastEvents, type IEventWords } from '../events.js';
import type { IDraftItem, IDraftSection } from './help-draft.js';

/** Deaths and notices that are offered, at most. */
const EVENTS = 5;
/** The newest of them are ticked. */
const TICKED_EVENTS = 2;
const KERNELS = 10;

/** A line of the install log. */
export interface IRecordLine {
  readonly label: string;
  readonly text: string;
}

export interface IHelpSources {
  readonly companion: ICompanion;
  /** null = explanations are switched off. */
  readonly words: IEventWords | null;
  /** Newest first. */
  readonly records: readonly IRecordLine[];
  /** Name and version of the application: "JupyterLab 4.6.6". */
  readonly application: string;
  readonly browser: string;
  /** Ids of events that help is asked about; they are ticked. */
  readonly about: readonly string[];
  readonly say: Quantities;
  readonly trans: TranslationBundle;
}

/** What support needs, from what this page knows. Everything can be left out by the researcher. */
export function helpFacts(sources: IHelpSources): IDraftSection[] {
  const { trans } = sources;
  const sections: IDraftSection[] = [
    { kind: 'deaths', title: trans.__('What happened'), items: happened(sources) },
    { kind: 'meter', title: trans.__('What is in use'), items: inUse(sources) },
    { kind: 'versions', title: trans.__('Versions'), items: versions(sources) },
    {
      kind: 'records',
      title: trans.__('Last installs'),
      items: sources.records.map(line => ({ ...line, id: `${line.label} ${line.text}`, isIn: true }))
    }
  ];
  return sections.filter(({ items }) => items.length > 0);
}

function happened({ companion, words, about }: IHelpSources): IDraftItem[] {
  if (words === null) {
    return [];
  }
  const all = pastEvents(companion.deaths, companion.notices);
  const idOf = (event: (typeof all)[number]): string =>
    event.kind === 'death' ? event.death.id : event.notice.id;
  const wanted = all.filter(event => about.includes(idOf(event)));
  const others = all.filter(event => !about.includes(idOf(event)));
  return [...wanted, ...others].slice(0, EVENTS).map((event, at) => ({
    id: idOf(event),
    label: isoTime(atMs(event)),
    text: words.summary(event),
    isIn: about.length > 0 ? at < wanted.length : at < TICKED_EVENTS
  }));
}

function inUse({ companion, say, trans }: IHelpSources): IDraftItem[] {
  const { sample, kernels } = companion;
  if (sample === null) {
    return [];
  }
  const { memory, cpu, shm, home, processes, gpus } = sample;
  const of = (used: number, whole: number | null): string =>
    whole === null ? say.bytes(used) : trans.__('%1 of %2', say.bytes(used), say.bytes(whole));
  const lines: (readonly [label: string, text: string, id?: string] | null)[] = [
    memory && [
      trans.__('Memory'),
      `${of(memory.unreclaimableBytes, memory.limitBytes)} (${memory.limitSource}), cache ${say.bytes(memory.cacheBytes)}, peak ${memory.peakBytes === null ? '?' : say.bytes(memory.peakBytes)}`
    ],
    cpu && [
      trans.__('CPU'),
      `${say.number(cpu.usedCores)} / ${say.number(cpu.quotaCores ?? cpu.machineCores)}${cpu.throttledShare === null ? '' : `, throttled ${say.share(cpu.throttledShare)}`}`
    ],
    shm && ['/dev/shm', of(shm.usedBytes, shm.sizeBytes)],
    home && [trans.__('Home'), of(home.usedBytes, home.sizeBytes)],
    processes && [trans.__('Processes'), `${processes.current} / ${processes.limit ?? '–'}`],
    ...gpus.map(
      ({ index, name, memoryUsedBytes, memoryTotalBytes }) =>
        [`GPU ${index}`, `${name}, ${of(memoryUsedBytes ?? 0, memoryTotalBytes)}`] as const
    ),
    ...sample.kernels.slice(0, KERNELS).map(({ kernelId, memoryBytes, peakBytes, cpuCores }) => {
      const title = kernels.find(kernel => kernel.kernelId === kernelId)?.title ?? kernelId;
      return [
        trans.__('Kernel'),
        `${title}: ${say.bytes(memoryBytes)}, peak ${say.bytes(peakBytes)}, CPU ${say.number(cpuCores)}`,
        kernelId
      ] as const;
    })
  ];
  return lines
    .filter(line => line !== null)
    .map(([label, text, id]) => ({ ...(id !== undefined && { id }), label, text, isIn: true }));
}

function versions({ companion, application, browser, trans }: IHelpSources): IDraftItem[] {
  const { info } = companion;
  const lines: (readonly [string, string | null | undefined])[] = [
    [trans.__('Application'), application],
    ['Labkeeper', info?.build],
    ['Python', info?.python],
    [trans.__('Image'), info?.image],
    [trans.__('Server'), info?.serverName],
    [
      trans.__('Machine'),
      info && `${info.machine.platform}, ${info.machine.cpuModel ?? '?'} × ${info.machine.cpuCores}`
    ],
    [trans.__('Switched off'), info?.disabled.join(', ')],
    [trans.__('Policy as of'), info?.policySaidAtMs == null ? null : isoTime(info.policySaidAtMs)],
    [trans.__('Browser'), browser]
  ];
  return lines.flatMap(([label, text]) => (text ? [{ label, text, isIn: true }] : []));
}

function isoTime(ms: number): string {
  // A time beyond what a date can hold came from a broken clock; the number itself is then the fact.
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
