// save.oom.caused: half an hour of edits in a notebook of 100 MB, on a server that may take 2 GB with its kernel. Stock
// JupyterLab does the same beside it, on a server of its own.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { DiskWatch } from './lib/disk-watch.mts';
import { writeNotebook } from './lib/documents.mts';
import { keepTyping, openDocument } from './lib/editing.mts';
import { watchMemoryDeaths } from './lib/memory-deaths.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { times } from './lib/trial.mts';
import { WorkAges } from './lib/work-ages.mts';

const LASTS_MS = times(30, 1.5) * 60_000;
const BYTES = 100e6;
const MEMORY = '2G';

async function measure(environment: Record<string, string>) {
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-oom-'));
  mkdirSync(join(home, 'work'));
  writeNotebook(join(home, 'work', 'large.ipynb'), BYTES);
  const server = await startServer({ home, memory: MEMORY, cpu: 2, environment });
  let browser: Browser | null = null;
  try {
    browser = await chromium.launch(BROWSER);
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    const deaths = watchMemoryDeaths(server);
    const companion = server.companionPid();
    await openDocument(page, server.url, server.token, 'large.ipynb');
    const document = { tag: 'large', file: 'large.ipynb', ages: new WorkAges() };
    const watch = new DiskWatch(server, [document]);
    await keepTyping(page, { ...document, everyMs: 1000, untilMs: Date.now() + LASTS_MS });
    await watch.stop();
    deaths.stop();
    return {
      kills: Math.max(deaths.kills, server.exitCode() === null ? 0 : 1),
      exitCode: server.exitCode(),
      isSameCompanion: server.companionPid() === companion,
      peakMB: deaths.peakBytes / 1e6,
      age: document.ages.ages('disk', Date.now())
    };
  } finally {
    await browser?.close();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

const [ours, stock] = await Promise.all([measure({}), measure({ LABKEEPER_DISABLE: 'save-guard' })]);
record(
  {
    id: 'save.oom.caused',
    what: `Deaths by memory in a container of 2 GB in ${LASTS_MS / 60_000} minutes of edits in a notebook of 100 MB`,
    unit: 'deaths',
    value: ours.kills,
    n: ours.age.edits,
    peer: { name: 'JupyterLab', value: stock.kills },
    samples: { ours, stock }
  },
  'oom'
);
