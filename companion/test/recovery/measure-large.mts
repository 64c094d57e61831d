/**
 * Measures one piece of work with a notebook of 115 MB (`writeLargeNotebook`) and prints JSON. WHAT is one of `recover`,
 * `later` (the file was saved and the journal never heard of it) and `save`, HASH the file's SHA-256.
 *
 *     npx esbuild companion/test/recovery/measure-large.mts --bundle --platform=node --format=esm \
 *       --alias:@labkeeper/core=./packages/core/src --alias:@labkeeper/protocol=./packages/protocol/src \
 *       --outfile=node_modules/.cache/measure-large.mjs &&
 *     node --expose-gc --max-semi-space-size=1 --max-old-space-size=64 --optimize-for-size \
 *       node_modules/.cache/measure-large.mjs WHAT PATH HASH
 *
 * Times in ms; memory in bytes: what the process has for itself (`RssAnon` in proc_pid_status(5)) at most, above what
 * it had before, looked at every 2 ms. The longest time for which nothing else got its turn is in ms too.
 */
import { readFileSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { FoldedRun } from '@labkeeper/core';
import { textSum, type JournalRecord } from '@labkeeper/protocol';
import { recoverDocument } from '../../src/recovery/recover-document.js';
import { spliceSave } from '../../src/recovery/splice-save.js';
import { LARGE_SOURCE } from './large-notebook.js';
import { runOf } from './notebooks.js';

const [what = '', path = '', hash = ''] = process.argv.slice(2);

function privateBytes(): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) * 1024;
}

function edits(ins: string): JournalRecord[] {
  return [
    { t: 'edit', c: 1000, at: LARGE_SOURCE.length, ins, sum: textSum(`${LARGE_SOURCE}${ins}`) },
    { t: 'exec', c: 1000, v: 7 }
  ];
}

const base: JournalRecord = { t: 'base', hash, cells: 2000 };

async function measured<T>(work: () => Promise<T>): Promise<T> {
  globalThis.gc?.();
  await pause(50);
  const before = privateBytes();
  let highest = before;
  const watch = setInterval(() => (highest = Math.max(highest, privateBytes())), 2);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const beganMs = performance.now();
  const result = await work();
  const wallMs = performance.now() - beganMs;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  clearInterval(watch);
  console.log(
    JSON.stringify({
      wallMs: Math.round(wallMs),
      cpuMs: Math.round((user + system) / 1000),
      privateBytes: highest - before,
      beforeBytes: before,
      longestMs: Math.round(delay.max / 1e5) / 10,
      usualMs: Math.round(delay.percentile(99) / 1e5) / 10
    })
  );
  return result;
}

if (what === 'recover' || what === 'later') {
  const batches =
    what === 'recover'
      ? [[base, ...edits('print()')]]
      : // The file does not have the hash, but everything up to the second batch.
        [
          [
            { ...base, hash: 'ab'.repeat(32) },
            { t: 'src' as const, c: 3, v: LARGE_SOURCE }
          ],
          edits('print()')
        ];
  const prepared = await measured(() => recoverDocument(runOf(basename(path), batches), dirname(path)));
  if (prepared.kind !== 'copy' || prepared.problem !== null) {
    throw new Error(JSON.stringify(prepared));
  }
  rmSync(prepared.temporary);
} else {
  const run = new FoldedRun('notebook');
  [base, ...edits('x')].forEach(record => run.add(record));
  const saved = await measured(() => spliceSave({ path, expectedHash: hash, run, unique: 'measure' }));
  if (saved.kind !== 'saved') {
    throw new Error(JSON.stringify(saved));
  }
}
