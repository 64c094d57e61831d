import type { GpuUsage } from '@labkeeper/protocol';

/** The fields asked of `nvidia-smi --query-gpu`, in this order. */
export const NVIDIA_FIELDS = [
  'index',
  'uuid',
  'name',
  'mig.mode.current',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw'
] as const;

const MIB = 1024 * 1024;

/**
 * Reads one line of `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`: `0, GPU-…, NVIDIA A100-SXM4-40GB,
 * Disabled, 37, 1024, 40960, 41, 98.31`. A field that the device does not have is `[N/A]`, `[Not Supported]`,
 * `[Unknown Error]` or the like, and becomes null. With MIG on, the device's utilisation means nothing and is null
 * even if a driver writes a number (NVML reference, nvmlDeviceGetUtilizationRates: "not supported").
 *
 * @returns null when the line is no row: the driver's errors come on the same output.
 */
export function parseNvidiaRow(line: string): GpuUsage | null {
  const fields = line.split(',').map(field => field.trim());
  const count = NVIDIA_FIELDS.length;
  const index = fields[0] ?? '';
  const uuid = fields[1] ?? '';
  if (fields.length < count || !/^\d+$/.test(index) || !/^(GPU|MIG)-/.test(uuid)) {
    return null;
  }
  // The name is free text: should it hold commas, the fields after it are counted from the end.
  const name = fields.slice(2, fields.length - count + 3).join(', ');
  const [migMode, utilization, used, total, temperature, power] = fields.slice(fields.length - count + 3);
  const mig = migMode === 'Enabled';
  const percent = mig ? null : number(utilization);
  return {
    index: Number(index),
    uuid,
    name,
    vendor: 'nvidia',
    mig,
    utilization: percent === null ? null : Math.min(1, Math.max(0, percent / 100)),
    memoryUsedBytes: bytes(number(used)),
    memoryTotalBytes: bytes(number(total)),
    temperatureC: number(temperature),
    powerW: number(power)
  };
}

function number(field: string | undefined): number | null {
  return field !== undefined && /^-?\d+(\.\d+)?$/.test(field) ? Number(field) : null;
}

function bytes(mib: number | null): number | null {
  return mib === null || mib < 0 ? null : Math.round(mib * MIB);
}
