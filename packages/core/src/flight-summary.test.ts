import { FlightRecord, type Kernel } from '@labkeeper/protocol';
import * as v from 'valibot';
import { AT_MS, evidence, MIB } from './evidence.test.data.js';
import { flightSummary } from './flight-summary.js';

const usage = (kernelId: string, mib: number) => ({
  kernelId,
  memoryBytes: mib * MIB,
  peakBytes: mib * MIB,
  cpuCores: 0,
  threads: 1,
  processes: 1
});

const STATE = {
  atMs: AT_MS,
  memory: null,
  limitBytes: null,
  limitSource: 'machine',
  oomGroup: false,
  peakBytes: null,
  machine: null
} as const;

describe('flightSummary', () => {
  it('names the kernels that hold most, and fits into a record whatever they are called', () => {
    const kernels = Array.from({ length: 100 }, (_, i): Kernel => ({
      ...evidence().kernel,
      kernelId: `k${i}`,
      title: '🧪'.repeat(2000),
      path: '\u0000'.repeat(4000)
    }));
    const record = flightSummary({ ...STATE, kernels, usage: kernels.map((k, i) => usage(k.kernelId, i)) });
    expect(v.safeParse(FlightRecord, record).success).toBe(true);
    expect(record.kind === 'summary' && record.kernels.map(k => k.kernelId).slice(0, 2)).toEqual([
      'k99',
      'k98'
    ]);
    expect(record.kind === 'summary' && record.kernels).toHaveLength(16);
  });

  it('leaves out kernels that run elsewhere, and keeps one that was not measured yet', () => {
    const here = { ...evidence().kernel, kernelId: 'here' };
    const record = flightSummary({
      ...STATE,
      kernels: [here, { ...here, kernelId: 'elsewhere', pid: null }],
      usage: []
    });
    expect(record).toMatchObject({
      kernels: [{ kernelId: 'here', memoryBytes: 0, busySinceMs: here.stateSinceMs }]
    });
  });
});
