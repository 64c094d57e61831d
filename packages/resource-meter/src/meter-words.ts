import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { LimitSource, Sample } from '@labkeeper/protocol';
import type { IGpuReading, Reading } from './readings.js';

/** The short text of a reading in the status bar. */
export function shortText(reading: Reading, say: Quantities, trans: TranslationBundle): string {
  switch (reading.kind) {
    case 'memory':
      return reading.limited && reading.wholeBytes !== null
        ? say.bytesRatio(reading.usedBytes, reading.wholeBytes)
        : trans.__('%1, no limit', say.bytes(reading.usedBytes));
    case 'cpu':
      return trans.__('CPU %1 / %2', say.number(reading.usedCores), say.number(reading.wholeCores));
    case 'gpu':
      return gpuText(reading, say, trans);
  }
}

/** The word that stands beside a reading in danger, so that colour is not the only sign. */
export function dangerWord(reading: Reading, trans: TranslationBundle): string | null {
  return reading.level === 'danger'
    ? trans.__('almost full')
    : reading.level === 'warning'
      ? trans.__('filling up')
      : null;
}

/** Lines for the tooltip: the split, the peak, and where the limit comes from. */
export function tooltipLines(sample: Sample, say: Quantities, trans: TranslationBundle): readonly string[] {
  const lines: string[] = [];
  const { memory, cpu, gpus } = sample;
  if (memory) {
    lines.push(
      trans.__(
        'Memory: %1 cannot be freed (shared memory %2), %3 is cache and can be freed.',
        say.bytes(memory.unreclaimableBytes),
        say.bytes(memory.shmemBytes),
        say.bytes(memory.cacheBytes)
      ),
      limitSentence(memory.limitBytes, memory.limitSource, say, trans)
    );
    if (memory.peakBytes !== null) {
      lines.push(trans.__('Highest since the start, cache included: %1.', say.bytes(memory.peakBytes)));
    }
  }
  if (cpu) {
    lines.push(
      cpu.quotaCores === null
        ? trans.__(
            'CPU: %1 of the machine’s %2 cores; there is no quota.',
            say.number(cpu.usedCores),
            cpu.machineCores
          )
        : trans.__('CPU: %1 of a quota of %2.', say.number(cpu.usedCores), say.number(cpu.quotaCores))
    );
    if (cpu.throttledShare) {
      lines.push(trans.__('CPU throttled in %1 of the last minute.', say.share(cpu.throttledShare)));
    }
  }
  for (const gpu of gpus) {
    lines.push(
      gpuText({ kind: 'gpu', gpu, count: 2, share: null, level: 'ok' }, say, trans) + ` · ${gpu.name}`
    );
  }
  return lines;
}

/** Where the memory limit comes from, as one sentence. */
export function limitSentence(
  limitBytes: number | null,
  source: LimitSource,
  say: Quantities,
  trans: TranslationBundle
): string {
  if (limitBytes === null) {
    return trans.__('No memory limit was found.');
  }
  const limit = say.bytes(limitBytes);
  switch (source) {
    case 'cgroup':
      return trans.__('The limit of %1 is that of this container (cgroup).', limit);
    case 'parent-cgroup':
      return trans.__('The limit of %1 is that of a group above this container (cgroup).', limit);
    case 'environment':
      return trans.__('The limit of %1 is the one that the hub announced (MEM_LIMIT).', limit);
    case 'machine':
      return trans.__('No limit: all of the machine’s %1 can be used, and is shared with others.', limit);
  }
}

function gpuText({ gpu, count }: IGpuReading, say: Quantities, trans: TranslationBundle): string {
  const name = count > 1 ? trans.__('GPU %1', gpu.index) : trans.__('GPU');
  const used = gpu.utilization === null ? trans.__('N/A') : say.share(gpu.utilization);
  return gpu.memoryUsedBytes !== null && gpu.memoryTotalBytes !== null
    ? `${name} ${used} ${say.bytesRatio(gpu.memoryUsedBytes, gpu.memoryTotalBytes)}`
    : `${name} ${used}`;
}
