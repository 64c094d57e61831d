import type { IObserver } from '../observer.js';
import type { IObserverOptions } from './observer-options.js';

export type { IObserverOptions } from './observer-options.js';

/** Makes the observer of the container in which this process runs. */
export function createObserver(_options: IObserverOptions): IObserver {
  return {
    setKernels: () => undefined,
    sample: nowMs => ({
      atMs: nowMs,
      memory: null,
      cpu: null,
      shm: null,
      home: null,
      processes: null,
      pressure: null,
      gpus: [],
      kernels: []
    }),
    memory: () => null,
    counters: nowMs => ({
      atMs: nowMs,
      cgroupVersion: null,
      oomKill: null,
      limitHit: null,
      oomGroupKill: null,
      pidsRefused: null,
      machineOomKill: null
    }),
    limit: () => ({ limitBytes: null, limitSource: 'machine', oomGroup: false }),
    machineMemory: () => null,
    shm: () => null,
    home: () => null,
    takeLostWorkers: () => [],
    throttling: () => null,
    protectServer: () => undefined,
    metrics: () => ({}),
    close: () => undefined
  };
}
