import type { Counters, Death, MemoryMoment, Notice } from '@labkeeper/protocol';
import type { ICompanionInfo } from '@labkeeper/labkit';
import type { ICellFacts, IExplanation } from './explanation.js';
import { isDeath } from './explanation.js';

/** What else support staff need to know. */
export interface ISupportContext {
  readonly info: ICompanionInfo | null;
  /** Frames of the companion that the page did not understand. */
  readonly badFrames: number;
  /** Name and version of the application: "JupyterLab 4.6.6". */
  readonly application: string;
  readonly cell: ICellFacts | null;
}

/**
 * An event as plain text for support staff: the researcher's words first, then every fact in a line of its own.
 * The facts stay in English with exact bytes and ISO times, so that they can be searched and compared.
 */
export function supportText(
  event: Death | Notice | null,
  explanation: IExplanation,
  context: ISupportContext
): string {
  const lines = [
    explanation.headline,
    [explanation.lead, explanation.consequence].filter(sentence => sentence !== '').join(' '),
    '',
    ...explanation.proofs.map(proof => `- ${proof.text}`),
    '',
    ...explanation.advice.map(advice => `* ${advice}`),
    '',
    ...facts(event, context)
  ];
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}

/** The same in short, for a request for help: as many lines as a researcher reads before she sends them. */
export function summaryText(event: Death | Notice, { headline, lead, proofs }: IExplanation): string {
  const { verdict } = event;
  const lines = [
    headline,
    lead,
    ...proofs.map(proof => `- ${proof.text}`),
    fact('event', event.id),
    fact('verdict', `${verdict.cause}, ${verdict.confidence}, memory ${verdict.memory}`)
  ];
  if (isDeath(event)) {
    const { evidence } = event;
    lines.push(
      fact('exit', `${JSON.stringify(evidence.exit)}, ${event.consequence}`),
      fact('limit bytes', `${evidence.limitBytes ?? 'none'} (${evidence.limitSource})`),
      fact('memory before', moment(evidence.memoryBefore)),
      fact('counters before', counters(evidence.before)),
      fact('counters after', counters(evidence.after)),
      fact('series', evidence.series)
    );
  }
  return lines.filter(line => line !== '').join('\n');
}

function facts(
  event: Death | Notice | null,
  { info, badFrames, application, cell }: ISupportContext
): string[] {
  const lines = event === null ? [] : eventFacts(event);

  if (cell !== null) {
    lines.push(fact('cell', `[${cell.executionCount ?? ' '}], ran ${cell.ranForMs} ms in the page`));
  }
  lines.push(
    fact('application', application),
    fact('labkeeper', info?.build ?? null),
    fact('companion boot', info?.boot ?? null),
    fact('server', info?.serverName ?? null),
    fact(
      'machine',
      info === null
        ? null
        : `${info.machine.hostname}, ${info.machine.platform}, ${info.machine.cpuModel ?? '?'} × ${info.machine.cpuCores}, memory bytes ${info.machine.memoryBytes ?? '?'}`
    ),
    fact('switched off', info?.disabled.join(', ') ?? null),
    fact('frames not understood', badFrames)
  );
  if (info?.policySaidAtMs != null) {
    lines.push(fact('policy as of', iso(info.policySaidAtMs)));
  }
  return lines;
}

function eventFacts(event: Death | Notice): string[] {
  const { verdict } = event;
  const lines = [
    fact('event', event.id),
    fact('at', iso(event.atMs)),
    fact('cause', verdict.cause),
    fact('confidence', verdict.confidence),
    fact('memory', verdict.memory),
    fact('held bytes', verdict.heldBytes),
    fact('proof', JSON.stringify(verdict.proofs))
  ];
  if (isDeath(event)) {
    lines.push(fact('consequence', event.consequence), ...evidenceFacts(event));
  } else {
    lines.push(fact('over', event.over), fact('kernels', JSON.stringify(event.kernels)));
  }
  return lines;
}

function evidenceFacts({ evidence }: Death): string[] {
  const { kernel } = evidence;
  return [
    fact(
      'kernel',
      `${kernel.kernelId} (${kernel.kernelName}, ${kernel.owner}), pid ${kernel.pid ?? 'elsewhere'}`
    ),
    fact('document', kernel.path ?? kernel.title),
    fact('state', `${kernel.state} since ${iso(kernel.stateSinceMs)}`),
    fact('busy ms', evidence.busyForMs),
    fact('exit', JSON.stringify(evidence.exit)),
    fact('intent', evidence.intent),
    fact('start failure', evidence.startFailure?.message ?? null),
    fact('standard error', evidence.startFailure?.stderrTail ?? null),
    fact(
      'limit bytes',
      `${evidence.limitBytes ?? 'none'} (${evidence.limitSource}), group kill ${evidence.oomGroup}`
    ),
    fact('memory before', moment(evidence.memoryBefore)),
    fact('memory after', moment(evidence.memoryAfter)),
    fact('peak bytes', evidence.peakBytes),
    fact(
      'kernel sample',
      evidence.kernelSampleBytes === null
        ? null
        : `${evidence.kernelSampleBytes} bytes${evidence.kernelSampleAtMs === null ? '' : ` at ${iso(evidence.kernelSampleAtMs)}`}`
    ),
    fact('kernel peak bytes', evidence.kernelPeakBytes),
    fact('kernel lately bytes', evidence.kernelLatelyBytes),
    fact('process peak bytes', evidence.exitPeakBytes),
    fact('counters before', counters(evidence.before)),
    fact('counters after', counters(evidence.after)),
    fact('died together', evidence.diedTogether.join(', ')),
    fact('died together peak bytes', evidence.diedTogetherPeakBytes),
    fact(
      'lost workers',
      evidence.lostWorkers.map(w => `${w.name} (${w.pid}, ${w.memoryBytes} bytes)`).join(', ')
    ),
    fact('/dev/shm', disk(evidence.shm)),
    fact('home', disk(evidence.home)),
    fact(
      'processes',
      evidence.processes === null
        ? null
        : `${evidence.processes.current} of ${evidence.processes.limit ?? 'no limit'}`
    ),
    fact(
      'machine memory',
      evidence.machineAvailableBytes === null
        ? null
        : `${evidence.machineAvailableBytes} of ${evidence.machineTotalBytes ?? '?'} bytes available`
    ),
    fact('last minute, unreclaimable bytes', evidence.recentBytes.join(' ')),
    fact(
      'other kernels',
      evidence.otherKernels
        .map(other => `${other.title} (${other.memoryBytes} bytes, idle ${other.idleForMs ?? 0} ms)`)
        .join(', ')
    ),
    fact('series', evidence.series),
    fact('from flight recorder', evidence.fromFlightRecorder)
  ];
}

/** One fact as one line: whatever breaks lines in a foreign text would otherwise look like another fact. */
function fact(name: string, value: string | number | boolean | null): string {
  const text = value === null || value === '' ? 'unknown or none' : String(value);
  return `${name}: ${text.replace(/\s*\n\s*/g, ' ⏎ ')}`;
}

function iso(atMs: number): string {
  // A time beyond what a date can hold came from a broken clock; the number itself is then the fact.
  return Math.abs(atMs) <= 8.64e15 ? new Date(atMs).toISOString() : String(atMs);
}

function moment(memory: MemoryMoment | null): string | null {
  return memory === null
    ? null
    : `usage ${memory.usageBytes}, unreclaimable ${memory.unreclaimableBytes}, cache ${memory.cacheBytes} bytes at ${iso(memory.atMs)}`;
}

function counters(values: Counters | null): string | null {
  return values === null
    ? null
    : `cgroup v${values.cgroupVersion ?? '?'}: oom_kill ${values.oomKill ?? '?'}, limit hit ${values.limitHit ?? '?'}, group kill ${values.oomGroupKill ?? '?'}, pids refused ${values.pidsRefused ?? '?'}, machine oom_kill ${values.machineOomKill ?? '?'} at ${iso(values.atMs)}`;
}

function disk(
  usage: { path: string; usedBytes: number; sizeBytes: number; freeBytes: number } | null
): string | null {
  return usage === null
    ? null
    : `${usage.path}: ${usage.usedBytes} used, ${usage.freeBytes} free of ${usage.sizeBytes} bytes`;
}
