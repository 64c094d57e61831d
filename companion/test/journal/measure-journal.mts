/**
 * Prints what the journal costs: processor time and bytes over a burst of 200 typed characters, as a page sends them (a
 * batch every 3 s or, worse, every second), in a cell of 1 kB and of 50 kB; the same per batch; and memory and time to
 * read a large journal back.
 *
 *     npx esbuild companion/test/journal/measure-journal.mts --bundle --platform=node --format=esm \
 *       --alias:@labkeeper/core=./packages/core/src --alias:@labkeeper/protocol=./packages/protocol/src \
 *       --outfile=node_modules/.cache/measure-journal.mjs &&
 *     node --expose-gc node_modules/.cache/measure-journal.mjs [FOLDER]
 *
 * Processor time is that of this process, user and system; what an idle process takes in the same time is taken off.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeBulk, journalBatch, textSum } from '@labkeeper/protocol';
import { systemClock } from '../../src/clock.js';
import { EarlierRuns } from '../../src/journal/earlier-runs.js';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import { JournalLink } from '../../src/journal/journal-link.js';
import { JournalStore } from '../../src/journal/journal-store.js';

const CHARACTERS = 200;
const TYPED_PER_S = 10;
/** Time is compressed: pauses between batches only let the disk finish. */
const PAUSE_MS = 300;
const RUN = '0b9e2f0e-8f6f-4c8e-9a51-2a6f0a0f3c11';

const home = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'measure-journal-'));
const store = new JournalStore({
  disk: new HomeDisk(home, '', 'measure'),
  boot: 'measure',
  serverId: 'server',
  clock: systemClock,
  log: line => console.log(line),
  persistent: null
});
let answers = 0;
const link = new JournalLink(store, {
  keep: (_, text) => void (answers += text().length > 0 ? 1 : 0),
  hold: () => undefined
});
try {
  store.start();
  await store.flush();
  store.open(link, { run: RUN, path: 'a.ipynb', kind: 'notebook', replaces: null, savedAtMs: null });
  link.takeBulk(frame(1, '{"t":"base","hash":null,"cells":0}'));
  await store.flush();
  let seq = 1;
  for (const everyMs of [3000, 1000]) {
    for (const cellBytes of [1000, 50_000]) {
      await burst(everyMs, 'x'.repeat(cellBytes));
      await burst(everyMs, 'x'.repeat(cellBytes));
    }
  }
  await readBack();

  async function burst(everyMs: number, cell: string): Promise<void> {
    const perBatch = Math.round((TYPED_PER_S * everyMs) / 1000);
    const batches = Math.ceil(CHARACTERS / perBatch);
    let text = cell;
    const idleMs = await cpuMs(batches, () => undefined);
    const before = store.health;
    const ms = await cpuMs(batches, () => {
      const ins = 'y'.repeat(perBatch);
      text = text.slice(0, 500) + ins + text.slice(500);
      seq += 1;
      link.takeBulk(frame(seq, JSON.stringify({ t: 'edit', c: 1204, at: 500, ins, sum: textSum(text) })));
    });
    await store.flush();
    const bytes = store.health.bytes - before.bytes;
    const syncs = store.health.syncs - before.syncs;
    console.log(
      `${cell.length} B cell, a batch each ${everyMs} ms: ${batches} batches, ${syncs} syncs, ` +
        `${(ms - idleMs).toFixed(2)} ms CPU (${(((ms - idleMs) / batches) * 1000).toFixed(0)} µs each; with textSum of the ` +
        `page's part), ${(bytes / CHARACTERS).toFixed(2)} bytes per byte typed, ${(bytes / batches).toFixed(0)} B a batch`
    );
  }

  async function readBack(): Promise<void> {
    const record = `{"t":"app","c":3,"i":0,"at":0,"v":"${'z'.repeat(20_000)}"}`;
    for (let i = 0; i < 5000; i += 1) {
      seq += 1;
      link.takeBulk(frame(seq, record));
      if (i % 50 === 0) {
        await store.flush();
      }
    }
    await store.flush();
    console.log(`${(store.health.bytes / 1e6).toFixed(0)} MB written, ${answers} answers, RSS ${rss()} MB`);
    await store.close();
    globalThis.gc?.();
    const earlier = new EarlierRuns({
      disk: new HomeDisk(home, '', 'later'),
      boot: 'later',
      serverId: 'server',
      lives: () => false,
      clock: systemClock,
      log: line => console.log(line),
      changed: () => undefined
    });
    const beforeMb = rss();
    let atMs = performance.now();
    await earlier.read();
    console.log(`scanned in ${(performance.now() - atMs).toFixed(0)} ms, RSS ${beforeMb} → ${rss()} MB`);
    atMs = performance.now();
    let batches = 0;
    let mostMb = 0;
    for (const run of earlier.all) {
      for await (const batch of run.batches()) {
        batches += batch.seq > 0 ? 1 : 0;
        mostMb = batches % 50 === 0 ? Math.max(mostMb, rss()) : mostMb;
      }
    }
    console.log(
      `${batches} batches read in ${(performance.now() - atMs).toFixed(0)} ms, RSS at most ${mostMb} MB`
    );
    atMs = performance.now();
    for (const run of earlier.all) {
      await earlier.forget(run);
    }
    console.log(`forgotten in ${(performance.now() - atMs).toFixed(0)} ms`);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

function frame(seq: number, body: string): Buffer {
  return Buffer.from(encodeBulk(journalBatch, { run: RUN, seq, more: false }, body));
}

async function cpuMs(batches: number, each: () => void): Promise<number> {
  const before = process.cpuUsage();
  for (let batch = 0; batch < batches; batch += 1) {
    each();
    await pause(PAUSE_MS);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function rss(): number {
  return Math.round(process.memoryUsage.rss() / 1e6);
}
