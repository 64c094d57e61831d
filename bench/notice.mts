// notice.safe: the end of the machine is told while twenty documents are edited; how long until the last edit of each is
// on the disk, looked at from outside. Stock JupyterLab hears of no notice: there it is how long its own timer takes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { sleep } from './lib/cpu.mts';
import { DiskWatch, type IWatched } from './lib/disk-watch.mts';
import { writeNotebook, writeProgram } from './lib/documents.mts';
import { whenLabIsUp } from './lib/lab.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { type IServer, startServer } from './lib/server.mts';
import { extent, times } from './lib/trial.mts';
import { WorkAges } from './lib/work-ages.mts';

const ROUNDS = times(10, 2);
const MB = 1e6;
/** Documents by their size in bytes; 0 = a program. */
const SIZES = [
  ...Array(5).fill(20 * MB),
  ...Array(10).fill(MB / 10),
  ...Array(5).fill(0)
] as readonly number[];
/** Each document is edited this often, and for the last time this long before the notice. */
const EDIT_MS = 300;
const BEFORE_MS = 100;
const EDITED_MS = 5000;
/** How long one waits for everything to be safe. Stock JupyterLab saves every two minutes. */
const PATIENCE_MS = { ours: 60_000, stock: extent(300_000, 20_000) };
/** Between two rounds everything comes to rest. */
const REST_MS = 15_000;
const POLL_MS = 50;

interface IRound {
  readonly source: 'file' | 'endpoint' | 'none';
  /** From the notice until everything was on the disk; null = it was not within patience. */
  readonly safeS: number | null;
  /** By document. */
  readonly eachS: Readonly<Record<string, number | null>>;
  /** From the last edit until the notice. */
  readonly beforeMs: number;
}

/** Opens all documents in one page. */
async function openAll(page: Page, server: IServer, documents: readonly IWatched[]): Promise<void> {
  await page.goto(`${server.url}/lab?token=${server.token}`);
  await whenLabIsUp(page);
  for (const { file } of documents)
    await page.evaluate(async path => {
      const { commands } = window.jupyterapp;
      const widget = (await commands.execute('docmanager:open', { path })) as {
        context: { ready: Promise<void>; path: string };
      };
      await widget.context.ready;
      const bench = window as unknown as { benchOpen?: unknown[] };
      (bench.benchOpen ??= []).push(widget.context);
    }, file);
}

/** Edits all documents again and again, for the last time at `lastMs`. @returns the number of that edit and when it was. */
async function editAll(page: Page, tags: readonly string[], first: number, lastMs: number) {
  return page.evaluate(
    async ([tags, first, lastMs, editMs]) => {
      interface IText {
        updateSource(start: number, end: number, text: string): void;
      }
      const { benchOpen } = window as unknown as {
        benchOpen: { model: { sharedModel: IText; cells?: { get(i: number): { sharedModel: IText } } } }[];
      };
      let number = first;
      const edit = () => {
        benchOpen.forEach(({ model }, index) =>
          (model.cells?.get(0).sharedModel ?? model.sharedModel).updateSource(
            ...([0, 0, `# <lk:${tags[index]}:${number}>\n`] as const)
          )
        );
        number++;
      };
      while (Date.now() < lastMs - editMs) {
        edit();
        await new Promise(resolve => setTimeout(resolve, editMs));
      }
      await new Promise(resolve => setTimeout(resolve, lastMs - Date.now()));
      const atMs = Date.now();
      edit();
      return { number: number - 1, atMs };
    },
    [tags, first, lastMs, EDIT_MS] as const
  );
}

async function measure(
  browser: Browser,
  rounds: readonly IRound['source'][],
  environment: Record<string, string>
) {
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-notice-'));
  mkdirSync(join(home, 'work'));
  const noticeFile = join(home, 'notice');
  const secret = 'a-secret-of-this-bench';
  const documents = SIZES.map((bytes, index) => {
    const tag = `d${index}`;
    return { tag, bytes, file: bytes === 0 ? `${tag}.py` : `${tag}.ipynb`, ages: new WorkAges() };
  });
  for (const { bytes, file } of documents) {
    const path = join(home, 'work', file);
    if (bytes === 0) writeProgram(path);
    else writeNotebook(path, bytes);
  }
  const endpoint = 20_000 + Math.floor(Math.random() * 10_000);
  const server = await startServer({
    ...{ home, memory: '8G', cpu: 2 },
    environment: {
      LABKEEPER_RECLAIM_FILE: noticeFile,
      LABKEEPER_RECLAIM_PORT: String(endpoint),
      LABKEEPER_RECLAIM_TOKEN: secret,
      ...environment
    }
  });
  const ask = (method: string) =>
    fetch(`http://127.0.0.1:${endpoint}/reclaim?wait=0`, {
      method,
      headers: { Authorization: `Bearer ${secret}` }
    });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await openAll(page, server, documents);
    const found: IRound[] = [];
    const watch = new DiskWatch(server, documents, POLL_MS);
    let next = 0;
    for (const source of rounds) {
      await sleep(extent(REST_MS, 2000));
      const noticeMs = Date.now() + EDITED_MS;
      const tags = documents.map(({ tag }) => tag);
      const editing = editAll(page, tags, next, noticeMs - BEFORE_MS);
      await sleep(noticeMs - Date.now());
      const givenMs = Date.now();
      if (source === 'file') writeFileSync(noticeFile, '120');
      if (source === 'endpoint') {
        const { status } = await ask('POST');
        if (status !== 200 && status !== 202) throw new Error(`the endpoint answered ${status}`);
      }
      const last = await editing;
      next = last.number + 1;
      const patience = source === 'none' ? PATIENCE_MS.stock : PATIENCE_MS.ours;
      const isSafe = () => documents.every(({ ages }) => ages.newest('disk') >= last.number);
      while (!isSafe() && Date.now() < givenMs + patience) await sleep(POLL_MS);
      const eachS = Object.fromEntries(
        documents.map(({ tag, ages }) => {
          const atMs = ages.seenMs('disk', last.number);
          return [tag, atMs === null ? null : (atMs - givenMs) / 1000];
        })
      );
      const worst = Object.values(eachS).map(seconds => seconds ?? Infinity);
      const safeS = isSafe() ? Math.max(...worst) : null;
      found.push({ source, safeS, eachS, beforeMs: givenMs - last.atMs });
      if (source === 'file') rmSync(noticeFile);
      if (source === 'endpoint') await ask('DELETE');
    }
    await watch.stop();
    return found;
  } finally {
    await context.close();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

await whenQuiet();
const browser = await chromium.launch(BROWSER);
try {
  const sources = (['file', 'endpoint'] as const).flatMap(source =>
    Array<typeof source>(ROUNDS).fill(source)
  );
  const ours = await measure(
    browser,
    sources.filter((_, i) => i % 2 === 0),
    {}
  );
  const stock = await measure(browser, ['none'], { LABKEEPER_DISABLE: 'save-guard' });
  const late = (rounds: readonly IRound[], patienceMs: number) =>
    Math.max(...rounds.map(({ safeS }) => safeS ?? patienceMs / 1000));
  record(
    {
      id: 'notice.safe',
      what: `From a notice until ${SIZES.length} documents, 5 of them of 20 MB, edited until ${BEFORE_MS} ms before it, are on the disk, the worst`,
      unit: 's',
      value: late(ours, PATIENCE_MS.ours),
      n: ours.length,
      peer: { name: 'JupyterLab', value: Number(late(stock, PATIENCE_MS.stock).toPrecision(4)) },
      samples: { ours, stock }
    },
    'notice'
  );
} finally {
  await browser.close();
}
