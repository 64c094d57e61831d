import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { GpuUsage } from '@labkeeper/protocol';
import { NumberFile } from '../adapters/number-file.js';
import type { ICollector } from './collector.js';

/** PCI vendor id of AMD. */
const AMD = '0x1002';

/** One device: what it is, and its open files (Linux, Documentation/gpu/amdgpu/driver-misc.rst and thermal.rst). */
interface IDevice {
  readonly uuid: string;
  readonly name: string;
  readonly busyPercent: NumberFile;
  readonly usedBytes: NumberFile;
  readonly totalBytes: NumberFile;
  readonly temperatureMilliC: NumberFile | null;
  readonly powerMicroW: NumberFile | null;
}

/** AMD GPUs, by plain files of the amdgpu driver. Devices are looked for once, at the start. */
export class AmdCollector implements ICollector<readonly GpuUsage[]> {
  readonly name = 'amd';

  constructor(sysRoot: string) {
    this.devices = findDevices(join(sysRoot, 'class/drm'));
  }

  get reason(): string | null {
    return this.devices.length === 0 ? 'there is no amdgpu device' : null;
  }

  collect(): readonly GpuUsage[] | null {
    return this.devices.length === 0 ? null : this.devices.map(read);
  }

  close(): void {
    for (const device of this.devices) {
      const { busyPercent, usedBytes, totalBytes, temperatureMilliC, powerMicroW } = device;
      [busyPercent, usedBytes, totalBytes, temperatureMilliC, powerMicroW].forEach(file => file?.close());
    }
  }

  private readonly devices: readonly IDevice[];
}

function read(device: IDevice, index: number): GpuUsage {
  const percent = device.busyPercent.read();
  const milliC = device.temperatureMilliC?.read() ?? null;
  const microW = device.powerMicroW?.read() ?? null;
  return {
    index,
    uuid: device.uuid,
    name: device.name,
    vendor: 'amd',
    mig: false,
    utilization: percent === null ? null : Math.min(1, Math.max(0, percent / 100)),
    memoryUsedBytes: device.usedBytes.read(),
    memoryTotalBytes: device.totalBytes.read(),
    temperatureC: milliC === null ? null : milliC / 1000,
    powerW: microW === null ? null : microW / 1e6
  };
}

function findDevices(folder: string): IDevice[] {
  const cards = list(folder)
    .filter(name => /^card\d+$/.test(name))
    .sort((one, other) => Number(one.slice(4)) - Number(other.slice(4)));
  return cards.flatMap(card => {
    const device = join(folder, card, 'device');
    if (text(join(device, 'vendor')) !== AMD || !existsSync(join(device, 'mem_info_vram_total'))) {
      return [];
    }
    const sensors = list(join(device, 'hwmon')).map(name => join(device, 'hwmon', name))[0];
    return [
      {
        uuid: text(join(device, 'unique_id')) ?? pciAddress(device),
        name: text(join(device, 'product_name')) ?? 'AMD GPU',
        busyPercent: new NumberFile(join(device, 'gpu_busy_percent')),
        usedBytes: new NumberFile(join(device, 'mem_info_vram_used')),
        totalBytes: new NumberFile(join(device, 'mem_info_vram_total')),
        temperatureMilliC: sensors === undefined ? null : new NumberFile(join(sensors, 'temp1_input')),
        powerMicroW: sensors === undefined ? null : new NumberFile(join(sensors, 'power1_average'))
      }
    ];
  });
}

function pciAddress(device: string): string {
  try {
    return basename(realpathSync(device));
  } catch {
    // Vanished since it was listed: a name of its own is enough.
    return device;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No such folder: no device, or no sensor.
    return [];
  }
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch {
    // Not every driver has every file.
    return null;
  }
}
