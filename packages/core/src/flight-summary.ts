import {
  FLIGHT_KERNELS,
  type FlightKernel,
  type FlightRecord,
  type Kernel,
  type KernelUsage,
  type LimitSource,
  type MemoryMoment
} from '@labkeeper/protocol';

/** Names longer than this are cut in flight records. */
const NAME_LENGTH = 160;

/** What a summary is made of. */
export interface IFlightState {
  readonly atMs: number;
  readonly memory: MemoryMoment | null;
  readonly limitBytes: number | null;
  readonly limitSource: LimitSource;
  readonly oomGroup: boolean;
  readonly peakBytes: number | null;
  /** Unreclaimable memory of the sample that `usage` is of; absent = not known. */
  readonly usageUnreclaimableBytes?: number | null;
  readonly machine: { readonly availableBytes: number; readonly totalBytes: number } | null;
  readonly kernels: readonly Kernel[];
  readonly usage: readonly KernelUsage[];
}

/** The flight recorder's record of a moment: the kernels that hold most, names cut, everything bounded. */
export function flightSummary(state: IFlightState): FlightRecord {
  return {
    kind: 'summary',
    atMs: state.atMs,
    memory: state.memory,
    limitBytes: state.limitBytes,
    limitSource: state.limitSource,
    oomGroup: state.oomGroup,
    peakBytes: state.peakBytes,
    kernelsUnreclaimableBytes: state.usageUnreclaimableBytes ?? null,
    machineAvailableBytes: state.machine?.availableBytes ?? null,
    machineTotalBytes: state.machine?.totalBytes ?? null,
    kernels: state.kernels
      .flatMap((kernel): FlightKernel[] => {
        const usage = state.usage.find(({ kernelId }) => kernelId === kernel.kernelId);
        return kernel.pid === null
          ? []
          : [
              {
                kernelId: kernel.kernelId,
                pid: kernel.pid,
                kernelName: cut(kernel.kernelName),
                path: kernel.path === null ? null : cut(kernel.path),
                title: cut(kernel.title),
                owner: kernel.owner,
                memoryBytes: usage?.memoryBytes ?? 0,
                peakBytes: usage?.peakBytes ?? 0,
                busySinceMs: kernel.state === 'busy' ? kernel.stateSinceMs : null,
                stateSinceMs: kernel.stateSinceMs
              }
            ];
      })
      .sort((a, b) => b.memoryBytes - a.memoryBytes)
      .slice(0, FLIGHT_KERNELS)
  };
}

function cut(name: string): string {
  return name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH - 1)}…` : name;
}
