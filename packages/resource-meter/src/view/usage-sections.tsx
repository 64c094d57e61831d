import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { CpuUsage, GpuUsage, MemoryUsage, Sample } from '@labkeeper/protocol';
import type { ReactNode } from 'react';
import { dangerWord, limitSentence } from '../meter-words.js';
import type { IMemoryReading } from '../readings.js';
import { MemoryBar } from './meter.js';
import { Facts, Section } from './section.js';

export interface IUsageProps {
  readonly sample: Sample;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  readonly children?: ReactNode;
}

/** Memory: against the limit, and split by what can be freed. `children`: the chart. */
export function MemorySection(
  props: IUsageProps & { readonly reading: IMemoryReading | null }
): JSX.Element | null {
  const { sample, reading, say, trans } = props;
  const { memory, shm } = sample;
  if (!memory) {
    return <Section title={trans.__('Memory')} value={trans.__('This machine does not say.')} />;
  }
  const word = reading && dangerWord(reading, trans);
  return (
    <Section
      title={trans.__('Memory')}
      value={
        <>
          {memory.limitBytes === null
            ? say.bytes(memory.unreclaimableBytes)
            : say.bytesOf(memory.unreclaimableBytes, memory.limitBytes)}
          {word && reading && <strong className={`lk-Word lk-mod-${reading.level}`}>{word}</strong>}
        </>
      }
    >
      {reading && <MemoryBar reading={reading} />}
      {props.children}
      <Facts
        rows={[
          ...memoryRows(memory, say, trans),
          shm && [trans.__('/dev/shm'), say.bytesOf(shm.usedBytes, shm.sizeBytes)]
        ]}
      />
      <p className="lk-Note">{limitSentence(memory.limitBytes, memory.limitSource, say, trans)}</p>
    </Section>
  );
}

function memoryRows(
  memory: MemoryUsage,
  say: Quantities,
  trans: TranslationBundle
): readonly (readonly [string, string] | null)[] {
  return [
    [trans.__('In use'), say.bytes(memory.anonBytes + memory.kernelBytes)],
    [trans.__('Shared'), say.bytes(memory.shmemBytes)],
    [trans.__('Cache (can be freed)'), say.bytes(memory.cacheBytes)],
    memory.swapBytes ? [trans.__('Swap'), say.bytes(memory.swapBytes)] : null,
    memory.peakBytes === null ? null : [trans.__('Highest, with cache'), say.bytes(memory.peakBytes)]
  ];
}

/** CPU: against the quota, with how long it was held back. `children`: the chart. */
export function CpuSection(props: IUsageProps): JSX.Element | null {
  const { sample, say, trans } = props;
  const { cpu } = sample;
  if (!cpu) {
    return <Section title={trans.__('CPU')} value={trans.__('This machine does not say.')} />;
  }
  return (
    <Section
      title={trans.__('CPU')}
      value={trans.__('%1 of %2', say.number(cpu.usedCores), say.number(cpu.quotaCores ?? cpu.machineCores))}
    >
      {props.children}
      <p className="lk-Note">{cpuSentence(cpu, say, trans)}</p>
    </Section>
  );
}

function cpuSentence(cpu: CpuUsage, say: Quantities, trans: TranslationBundle): string {
  if (cpu.quotaCores === null) {
    return trans._n(
      'No quota: the one core of the machine can be used, and is shared with others.',
      'No quota: all %1 cores of the machine can be used, and are shared with others.',
      cpu.machineCores
    );
  }
  return cpu.throttledShare === null || cpu.throttledShare < 0.005
    ? trans.__('Not throttled in the last minute.')
    : trans.__(
        'Throttled in %1 of the last minute: programs wanted more than the quota of %2 and had to wait.',
        say.share(cpu.throttledShare),
        say.number(cpu.quotaCores)
      );
}

/** One section for each GPU. */
export function GpuSections({ sample, say, trans }: IUsageProps): JSX.Element {
  return (
    <>
      {sample.gpus.map(gpu => (
        <GpuSection key={gpu.uuid || gpu.index} gpu={gpu} say={say} trans={trans} />
      ))}
    </>
  );
}

function GpuSection(props: {
  readonly gpu: GpuUsage;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { gpu, say, trans } = props;
  const notSaid = trans.__('N/A');
  return (
    <Section
      title={trans.__('GPU %1', gpu.index)}
      value={gpu.utilization === null ? notSaid : trans.__('%1 busy', say.share(gpu.utilization))}
    >
      <Facts
        rows={[
          [trans.__('Model'), gpu.name],
          [
            trans.__('Memory'),
            gpu.memoryUsedBytes === null
              ? notSaid
              : gpu.memoryTotalBytes
                ? say.bytesOf(gpu.memoryUsedBytes, gpu.memoryTotalBytes)
                : say.bytes(gpu.memoryUsedBytes)
          ],
          gpu.temperatureC === null
            ? null
            : [trans.__('Temperature'), trans.__('%1 °C', say.number(gpu.temperatureC))],
          gpu.powerW === null ? null : [trans.__('Power'), trans.__('%1 W', say.number(gpu.powerW))]
        ]}
      />
      {gpu.mig && (
        <p className="lk-Note">
          {trans.__(
            'This GPU is split into instances (MIG). The driver does not say how busy one instance is.'
          )}
        </p>
      )}
    </Section>
  );
}

/** Disk, processes and pressure. */
export function MachineSection({ sample, say, trans }: IUsageProps): JSX.Element {
  const { home, processes, pressure } = sample;
  const stalled = (percent: number | null): string | null =>
    percent === null ? null : trans.__('%1 of the time', say.share(percent / 100));
  const pressureRow = (name: string, percent: number | null): readonly [string, string] | null => {
    const text = stalled(percent);
    return text === null ? null : [name, text];
  };
  return (
    <Section title={trans.__('Disk, processes, waiting')}>
      <Facts
        rows={[
          home && [trans.__('Home folder'), say.bytesOf(home.usedBytes, home.sizeBytes)],
          home && [trans.__('Free on it'), say.bytes(home.freeBytes)],
          processes && [
            trans.__('Processes and threads'),
            processes.limit === null
              ? say.number(processes.current)
              : trans.__('%1 of %2', say.number(processes.current), say.number(processes.limit))
          ],
          ...(pressure
            ? [
                pressureRow(trans.__('Waits for CPU'), pressure.cpuSome),
                pressureRow(trans.__('Waits for memory'), pressure.memorySome),
                pressureRow(trans.__('Waits for disk'), pressure.ioSome)
              ]
            : [])
        ]}
      />
      {pressure?.scope === 'machine' && (
        <p className="lk-Note">
          {trans.__('Waiting is that of the whole machine, over the last 10 seconds.')}
        </p>
      )}
    </Section>
  );
}
