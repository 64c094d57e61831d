/**
 * Homes that are slow or hang, with the companion as it is built. Reports, besides those of a suite of scenarios,
 * `disk {flushMs}` and `hang {forMs}`: what the disk of the home is to do.
 */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { journalState, recoveriesKnown } from '@labkeeper/protocol';
import { BOUND_MS, PULSE_MS } from '../../../packages/core/src/save/save-schedule.ts';
import { slowHomeMs } from '../../../packages/core/src/save/light.ts';
import { Reporting } from '../reporting.mjs';
import { contentOf } from './edited-document.mjs';
import { eventually } from './eventually.mjs';
import { GuardedPage } from './guarded-page.mjs';
import { LoneCompanion } from './lone-companion.mjs';
import { mountByNetwork } from './nfs.mjs';
import { readOrder, report } from './report.mjs';
import { COUNTING, forgetSyncs, slowDown, speedUp, syncsSoFar } from './slow-home.mjs';

const SYNC_MS = 50;
const MOST_SYNCS = 12;
const DOCUMENTS = 5;
const HANG_MS = 60_000;
/** For what takes seconds: an emulated machine on a busy one is slow. */
const PATIENCE_MS = 300_000;
const NETWORK = '/run/network';

let serial = 0;
let isMounted = false;

/** The disk itself, or the same over the network. */
const FOLDERS = {
  disk: () => '/home',
  network: () => {
    if (!isMounted) {
      mountByNetwork('/home', NETWORK);
      isMounted = true;
    }
    return NETWORK;
  }
};

/** A companion in a new home, and a page with some documents. */
async function begin(folder) {
  serial += 1;
  const home = join(folder, `lab-${serial}`);
  mkdirSync(home);
  chownSync(home, 1000, 100);
  forgetSyncs();
  const companion = await LoneCompanion.start(home, COUNTING);
  // What begins the journal comes once, whatever the pace: its folder, and its first segment.
  await eventually(() => syncsSoFar().all > 0, PATIENCE_MS, 'the journal to begin');
  await delay(5000);
  const syncsAtStart = syncsSoFar().all;
  forgetSyncs();
  const acknowledged = new Map();
  const lost = [];
  const hash = async (path, text) => void (await writeFile(path, text));
  const page = new GuardedPage(companion.page, home, hash, (kind, document, edits) =>
    kind === 'lost' ? lost.push(document) : acknowledged.set(document, edits)
  );
  for (let number = 0; number < DOCUMENTS; number += 1) {
    const isNotebook = number % 2 === 0;
    await page.open({
      path: `${number}.${isNotebook ? 'ipynb' : 'py'}`,
      seed: `${serial}-${number}`,
      isNotebook
    });
  }
  const pulse = setInterval(() => page.pulse(), PULSE_MS);
  const end = async () => {
    clearInterval(pulse);
    await companion.kill();
  };
  const states = companion.page.seen.filter(({ method }) => method === journalState.method);
  companion.page.hear(message => void (message.method === journalState.method && states.push(message)));
  return { home, companion, page, acknowledged, lost, states, syncsAtStart, end };
}

/** Somebody edits all documents, one after the other, while `goesOn`. */
async function edit(page, goesOn) {
  for (let step = 0; goesOn(); step += 1) {
    page.documents[step % page.documents.length].edit();
    await delay(500);
  }
}

const forMs = ms => {
  const endMs = performance.now() + ms;
  return () => performance.now() < endMs;
};

const worstAge = page =>
  Math.max(...page.documents.map(({ worstAgeMs, ageMs }) => Math.max(worstAgeMs, ageMs)));

/** Syncs and ages of some minutes of work on a home that takes 50 ms for a sync. */
async function cadence(where, seconds) {
  const folder = FOLDERS[where]();
  const syncMs = await slowDown(folder, SYNC_MS);
  const { companion, page, lost, states, syncsAtStart, end } = await begin(folder);
  await edit(page, forMs(seconds * 1000));
  const ageMs = worstAge(page);
  const syncs = syncsSoFar();
  const { trouble, boundMs } = companion.newest(journalState);
  const within = slowHomeMs(Math.max(...states.map(({ params }) => params.boundMs)));
  await end();
  await speedUp();
  const figures = {
    syncMs: Math.round(syncMs),
    syncsInWorstMinute: syncs.worstMinute,
    syncs: syncs.all,
    syncsAtStart,
    seconds,
    medianMs: syncs.medianMs,
    worstAgeMs: Math.round(ageMs),
    boundMs,
    within
  };
  const told = JSON.stringify(figures);
  assert.ok(syncMs > 0.8 * SYNC_MS, `a sync takes ${syncMs} ms`);
  assert.equal(trouble, null);
  assert.deepEqual(lost, []);
  assert.ok(syncs.worstMinute <= MOST_SYNCS && syncs.worstMinute > 2, told);
  assert.ok(ageMs <= BOUND_MS, told);
  assert.ok(within !== null && ageMs <= within, `older than what the page is told: ${told}`);
  return figures;
}

/** A home that does not answer for a minute while somebody works. */
async function hang(where) {
  const folder = FOLDERS[where]();
  await speedUp();
  const { home, companion, page, acknowledged, lost, states, end } = await begin(folder);
  await edit(page, forMs(8000));
  await eventually(() => acknowledged.size === DOCUMENTS, PATIENCE_MS, 'all documents to be safe once');
  report({ kind: 'hang', forMs: HANG_MS });
  const fromMs = performance.now();
  await edit(
    page,
    () => companion.newest(journalState).trouble === null && performance.now() < fromMs + 30_000
  );
  const slowAfterMs = performance.now() - fromMs;
  assert.equal(companion.newest(journalState).trouble, 'slow');
  await edit(page, () => performance.now() < fromMs + HANG_MS - 2000);
  assert.equal(companion.newest(journalState).trouble, 'slow');
  await eventually(
    () => companion.newest(journalState).trouble === null,
    PATIENCE_MS,
    'the home to answer again'
  );
  page.documents.forEach(document => document.flush());
  await eventually(
    () => page.documents.every(document => acknowledged.get(document) === document.content.edits),
    PATIENCE_MS,
    () => `everything to be safe: ${page.documents.map(d => `${acknowledged.get(d)}/${d.content.edits}`)}`
  );
  assert.deepEqual(lost, []);
  const troubles = states.map(({ params }) => params.trouble).filter((one, at, all) => one !== all[at - 1]);
  assert.deepEqual(troubles.slice(-3), [null, 'slow', null]);
  await end();
  await recovered(home, page);
  return {
    slowAfterMs: Math.round(slowAfterMs),
    edits: page.documents.reduce((sum, d) => sum + d.content.edits, 0)
  };
}

/** The next companion finds everything. */
async function recovered(home, { documents }) {
  const next = await LoneCompanion.start(home);
  const known = () => next.newest(recoveriesKnown)?.recoveries ?? [];
  await eventually(
    () => known().length === documents.length,
    PATIENCE_MS,
    () => `recoveries: ${JSON.stringify(known())}`
  );
  for (const { path, content } of documents) {
    const { copyPath, problem } = known().find(recovery => recovery.path === path);
    assert.equal(problem, null, path);
    assert.ok(content.is(contentOf(readFileSync(join(home, copyPath), 'utf8'), content.isNotebook)), path);
  }
  await next.kill();
  rmSync(home, { recursive: true });
}

const order = readOrder();
const seconds = order.seconds ?? 100;
const SCENARIOS = {
  'slow-home': { run: () => cadence('disk', seconds) },
  'slow-home-by-nfs': { run: () => cadence('network', seconds) },
  'home-hangs-for-a-minute': { run: () => hang('disk') },
  'home-by-nfs-hangs-for-a-minute': { run: () => hang('network') }
};

report({ kind: 'up' });
const reporting = new Reporting();
reporting.take = report;
await reporting.run(SCENARIOS, { only: order.only ?? null, kills: 1 });
report({ kind: 'done' });
process.exit(0);
