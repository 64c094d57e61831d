import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plant, type ITree } from '../../test/fixtures/tree.js';
import { FakeClock } from '../../test/fake-clock.js';
import { until } from '../../test/until.js';
import { NvidiaSmi, findNvidiaSmi } from './nvidia-smi.js';

/*
 * The fake speaks what was recorded on a real device (test/fixtures/nvidia-smi), and where two devices or MIG are
 * needed, what NVIDIA's documentation shows.
 */
const RECORDED = join(__dirname, '../../test/fixtures/nvidia-smi');

let tree: ITree;
let smi: NvidiaSmi | null;
beforeEach(() => {
  tree = plant();
  smi = null;
});
afterEach(() => {
  smi?.close();
  tree.dispose();
});

/** A program that runs `body` under Node, and notes its arguments and its pid. */
function program(body: string): string {
  const path = join(tree.root, 'nvidia-smi');
  writeFileSync(
    path,
    `#!${process.execPath}
const fs = require('node:fs');
fs.appendFileSync(${JSON.stringify(join(tree.root, 'starts'))}, process.pid + ' ' + process.argv.slice(2).join(' ') + '\\n');
${body}
`
  );
  chmodSync(path, 0o755);
  return path;
}

const starts = (): string[] => {
  try {
    return readFileSync(join(tree.root, 'starts'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

const ROWS =
  '0, GPU-a, NVIDIA A100-SXM4-40GB, Disabled, 37, 1024, 40960, 41, 98.31\\n' +
  '1, GPU-b, NVIDIA A100-SXM4-40GB, Enabled, [N/A], 12, 40960, 33, 55.00\\n';

describe('NvidiaSmi', () => {
  it('keeps one child that loops, and shows the newest row of each device, cut lines joined', async () => {
    const clock = new FakeClock();
    smi = new NvidiaSmi(
      program(`const rows = '${ROWS}';
process.stdout.write(rows.slice(0, 30));
setTimeout(() => process.stdout.write(rows.slice(30)), 30);
setInterval(() => {}, 1000);`),
      clock
    );
    await until(() => smi?.rows().length === 2);
    expect(smi.rows().map(({ index, mig, utilization }) => ({ index, mig, utilization }))).toEqual([
      { index: 0, mig: false, utilization: 0.37 },
      { index: 1, mig: true, utilization: null }
    ]);
    expect(smi.reason).toBeNull();
    expect(starts()).toHaveLength(1);
    expect(starts()[0]).toMatch(/--query-gpu=index,uuid,name,mig\.mode\.current,.* --loop-ms=2000$/);
    clock.advance(11_000);
    expect(smi.rows()).toEqual([]);
  });

  it('starts a child that died again, later each time, and leaves no zombie', async () => {
    const clock = new FakeClock();
    smi = new NvidiaSmi(program(`process.stdout.write('${ROWS}', () => process.exit(9));`), clock);
    for (const started of [2, 3]) {
      await until(() => clock.pending === 1);
      expect(smi.rows()).toEqual([]);
      // Rows came, so the wait does not grow.
      expectWait(clock, 5000);
      await until(() => starts().length === started);
    }
    await until(() => clock.pending === 1);
    for (const start of starts()) {
      expect(() => process.kill(parseInt(start, 10), 0)).toThrow('ESRCH');
    }
  });

  it('shows the rows that a real H100 gave', async () => {
    const clock = new FakeClock();
    smi = new NvidiaSmi(
      program(
        `process.stdout.write(fs.readFileSync(${JSON.stringify(join(RECORDED, 'idle.csv'))}));
setInterval(() => {}, 1000);`
      ),
      clock
    );
    // Four rows in one piece: the newest counts.
    await until(() => smi?.rows()[0]?.powerW === 69.81);
    expect(smi.rows()).toEqual([
      {
        index: 0,
        uuid: 'GPU-4d8a22f6-e8e8-86e5-4b1a-d8fc31360a40',
        name: 'NVIDIA H100 80GB HBM3',
        vendor: 'nvidia',
        mig: false,
        utilization: 0,
        memoryUsedBytes: 0,
        memoryTotalBytes: 81559 * 2 ** 20,
        temperatureC: 37,
        powerW: 69.81
      }
    ]);
  });

  it.each([
    ['no-devices.txt', 6, 'No devices were found'],
    ['bad-field.txt', 2, 'Field "nonsense" is not a valid field to query.'],
    ['no-library.txt', 12, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system."],
    ['no-access.txt', 17, 'Failed to initialize NVML: GPU access blocked by the operating system']
  ])('gives the first line of a real refusal as the reason: %s', async (file, code, reason) => {
    const clock = new FakeClock();
    smi = new NvidiaSmi(
      program(
        `process.stdout.write(fs.readFileSync(${JSON.stringify(join(RECORDED, file))}), () => process.exit(${code}));`
      ),
      clock
    );
    await until(() => clock.pending === 1);
    expect(smi.reason).toMatch(`nvidia-smi says: ${reason}`);
    expect(smi.rows()).toEqual([]);
  });

  it('says what the driver says, and waits longer and longer while there are no rows', async () => {
    const clock = new FakeClock();
    smi = new NvidiaSmi(
      program(
        `process.stdout.write('Failed to initialize NVML: Driver/library version mismatch\\n', () => process.exit(18));`
      ),
      clock
    );
    for (const waitMs of [5000, 10_000, 20_000]) {
      await until(() => clock.pending === 1);
      expect(smi.reason).toContain('Driver/library version mismatch');
      expectWait(clock, waitMs);
    }
  });

  it('survives a program that cannot be run', async () => {
    const clock = new FakeClock();
    smi = new NvidiaSmi(join(tree.root, 'absent'), clock);
    await until(() => clock.pending === 1);
    expect(smi.reason).toContain('ENOENT');
  });

  it('ends its child when closed, and does not start another', async () => {
    const clock = new FakeClock();
    smi = new NvidiaSmi(program(`process.stdout.write('${ROWS}'); setInterval(() => {}, 1000);`), clock);
    await until(() => smi?.rows().length === 2);
    smi.close();
    const pid = parseInt(starts()[0] ?? '', 10);
    await until(() => !isAlive(pid));
    clock.advance(1_000_000);
    expect(starts()).toHaveLength(1);
  });
});

describe('findNvidiaSmi', () => {
  it('finds the program on the PATH, and only if it can be run', () => {
    const path = program('');
    expect(findNvidiaSmi(`/nowhere:${tree.root}`)).toBe(path);
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    expect(findNvidiaSmi(tree.root)).not.toBe(path);
  });
});

/** The one timer that waits is due after `waitMs`, and not before. */
function expectWait(clock: FakeClock, waitMs: number): void {
  clock.advance(waitMs - 1);
  expect(clock.pending).toBe(1);
  clock.advance(1);
  expect(clock.pending).toBe(0);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: reaped.
    return false;
  }
}
