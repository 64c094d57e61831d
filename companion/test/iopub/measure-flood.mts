/**
 * Prints what it costs to collect the outputs of cells that print a lot, with a real kernel.
 *
 *     npx esbuild companion/test/iopub/measure-flood.mts --bundle --platform=node --format=cjs \
 *       --alias:@labkeeper/core=./packages/core/src --alias:@labkeeper/protocol=./packages/protocol/src \
 *       --outfile=companion/test/iopub/measure-flood.cjs &&
 *     node --expose-gc --max-semi-space-size=1 --max-old-space-size=64 --optimize-for-size \
 *       companion/test/iopub/measure-flood.cjs; rm companion/test/iopub/measure-flood.cjs
 *
 * CPU is that of this process, user and system. Memory is the largest resident size while the cell runs less that
 * before it, read every 10 ms. With `--page` nothing is recorded: a page is there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readLeftOut } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';
import { systemClock } from '../../src/clock.js';
import { Executions } from '../../src/iopub/executions.js';
import { OUTPUT_CAPS } from '../../src/iopub/output-budget.js';
import { collectedOf } from './collected.js';
import { RealKernel } from './real-kernel.js';

const FLOODS: readonly (readonly [string, string])[] = [
  ['50 MB in lines', 'for i in range(500_000):\n    print("x" * 99)'],
  ['50 MB in lines, not Latin', 'for i in range(500_000):\n    print("字" * 33)'],
  [
    '20 outputs with 40 000 pairs of numbers each',
    'from IPython.display import display\nfor i in range(20):\n    display({"application/json": [[i, 1]] * 40_000}, raw=True)'
  ],
  ['50 MB in one print', 'print("x" * 50_000_000)'],
  [
    '17 000 flushed prints in 7 s',
    'import time\nend = time.time() + 7\nfor i in range(17_000):\n    print("line", i, flush=True)\n    time.sleep(max(0, (end - time.time()) / (17_000 - i) - 0.0001))'
  ],
  [
    'a progress bar, 20 000 steps',
    'for i in range(20_000):\n    print(f"\\r{i:6} " + "#" * 80, end="", flush=True)\n'
  ],
  [
    '200 figures of 100 kB, shown one in place of the other',
    'import os, base64\nfrom IPython.display import display, clear_output\nfor i in range(200):\n    clear_output(wait=True); display({"image/png": base64.b64encode(os.urandom(75_000)).decode()}, raw=True)'
  ]
];

const WATCHED_PAGE = process.argv.includes('--page');

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-'));
  const kernel = await RealKernel.start(folder);
  for (const [name, code] of FLOODS) {
    await measure(kernel, name, code);
  }
  await kernel.stop();
  rmSync(folder, { recursive: true });
}

async function measure(kernel: RealKernel, name: string, code: string): Promise<void> {
  let subscribed = false;
  let over = false;
  let recordedBytes = 0;
  const executions = new Executions({
    clock: systemClock,
    connectionFile: () => kernel.path,
    record: (_, records: readonly JournalRecord[]) => {
      recordedBytes += JSON.stringify(records).length;
      over ||= records.some(({ t, ...rest }) => t === 'exec' && 'v' in rest && rest.v !== null);
      return true;
    },
    connectionChanged: (_, { is }) => (subscribed ||= is === 'subscribed'),
    caps: OUTPUT_CAPS
  });
  executions.watch('run', 'k');
  while (!subscribed) {
    await pause(10);
  }
  globalThis.gc?.();
  const rss = process.memoryUsage().rss;
  let peak = rss;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 10);
  if (!WATCHED_PAGE) {
    executions.pageGone('run');
  }
  const [msgId = ''] = await kernel.execute([code]);
  executions.executing({ run: 'run', kernelId: 'k', msgId, c: 0 });
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await kernel.wait([msgId]);
  while (!WATCHED_PAGE && !over) {
    await pause(10);
  }
  const wallMs = performance.now() - startMs;
  const used = process.cpuUsage(cpu);
  clearInterval(watch);
  console.log(
    `${name}: ${(wallMs / 1000).toFixed(2)} s, CPU ${((used.user + used.system) / 1000).toFixed(0)} ms, ` +
      `memory + ${((peak - rss) / 1e6).toFixed(0)} MB`
  );
  const [cell] = collectedOf(executions, 'run');
  const outputs = cell?.outputs ?? [];
  const missing = outputs.map(readLeftOut).find(value => value !== null);
  console.log(
    `  kept ${(JSON.stringify(outputs).length / 1e6).toFixed(1)} MB in ${outputs.length} outputs, ` +
      `left out ${((missing?.bytes ?? 0) / 1e6).toFixed(1)} MB, recorded ${(recordedBytes / 1e6).toFixed(1)} MB`
  );
  executions.dispose();
  await pause(3000);
  console.log(`  3 s later: memory + ${((process.memoryUsage().rss - rss) / 1e6).toFixed(0)} MB`);
}

void main();
