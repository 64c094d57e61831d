import { parseNvidiaRow } from './nvidia-csv.js';

/*
 * The rows are written after NVIDIA's documentation (nvidia-smi(1), "--query-gpu", and the sample outputs there); those
 * of a real device are in test/fixtures/nvidia-smi and read by nvidia-smi.test.ts.
 */
describe('parseNvidiaRow', () => {
  it('reads a device', () => {
    expect(
      parseNvidiaRow(
        '0, GPU-5a1c9d2e-0f4b-4c7a-9a86-0d1f3f1e7b11, NVIDIA A100-SXM4-40GB, Disabled, 37, 1024, 40960, 41, 98.31'
      )
    ).toEqual({
      index: 0,
      uuid: 'GPU-5a1c9d2e-0f4b-4c7a-9a86-0d1f3f1e7b11',
      name: 'NVIDIA A100-SXM4-40GB',
      vendor: 'nvidia',
      mig: false,
      utilization: 0.37,
      memoryUsedBytes: 2 ** 30,
      memoryTotalBytes: 40 * 2 ** 30,
      temperatureC: 41,
      powerW: 98.31
    });
  });

  it('shows no utilisation of a device that is cut by MIG, even if a number is written', () => {
    for (const utilization of ['[N/A]', '0']) {
      expect(
        parseNvidiaRow(`1, GPU-1, NVIDIA H100, Enabled, ${utilization}, 12, 81559, 30, 70.12`)
      ).toMatchObject({ mig: true, utilization: null, memoryTotalBytes: 81559 * 2 ** 20 });
    }
  });

  it('gives null for what a device does not have', () => {
    expect(
      parseNvidiaRow(
        '2, GPU-2, Quadro K420, [N/A], [Not Supported], [Unknown Error], 980, [GPU requires reset], [N/A]'
      )
    ).toMatchObject({
      mig: false,
      utilization: null,
      memoryUsedBytes: null,
      memoryTotalBytes: 980 * 2 ** 20,
      temperatureC: null,
      powerW: null
    });
  });

  it('keeps a name with commas whole', () => {
    expect(parseNvidiaRow('0, GPU-1, NVIDIA X, rev 2, Disabled, 1, 2, 3, 4, 5')).toMatchObject({
      name: 'NVIDIA X, rev 2',
      utilization: 0.01,
      powerW: 5
    });
  });

  it('takes the driver’s errors for no row', () => {
    for (const line of [
      '',
      'No devices were found',
      'Failed to initialize NVML: Driver/library version mismatch',
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
      'Unable to determine the device handle for GPU0000:01:00.0: Unknown Error',
      'Field "mig.mode.current" is not a valid field to query.',
      '0, GPU-1, cut'
    ]) {
      expect(parseNvidiaRow(line)).toBeNull();
    }
  });
});
