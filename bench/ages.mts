// save.age.*: how old work gets before it is on the disk, in ten minutes of edits, looked at from outside. Each edit has a
// number, which is looked for in the file and in the journal; at the end server and companion are killed, and what was
// seen in the journal must be recovered. save.file.age is the same for the file alone. Stock JupyterLab, whose only
// place is the file, does the same beside it. All scenarios go on at once; `LABKEEPER_ONLY=stream,slow` takes some.
import { linkSync, mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { sleep } from './lib/cpu.mts';
import { DiskWatch, type IWatched } from './lib/disk-watch.mts';
import { writeNotebook } from './lib/documents.mts';
import { keepTyping, openDocument, readPrinted, startPrinting } from './lib/editing.mts';
import { type IHiddenBrowser, startHiddenBrowser } from './lib/hidden-browser.mts';
import { killAndRecover } from './lib/recovered.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { times } from './lib/trial.mts';
import { openUplink } from './lib/uplink.mts';
import { type IAges, type Place, WorkAges } from './lib/work-ages.mts';

const LASTS_MS = times(10, 1.5) * 60_000;
const MBIT_PER_S = 125_000;
const MB = 1e6;

interface IScenario {
  readonly tag: string;
  readonly figure: string;
  readonly what: string;
  readonly bytes: number;
  readonly everyMs: number;
  /** By the keyboard, or by a cell that prints. */
  readonly edits: 'typed' | 'printed';
  readonly isHidden?: boolean;
  readonly uplink?: number;
  /** The file has a second name: such a file is not saved in place, the page sends all of it. */
  readonly isSentWhole?: boolean;
  readonly place?: Place;
}

const SCENARIOS: readonly IScenario[] = [
  {
    tag: '1m',
    figure: 'save.age.1m',
    what: 'a notebook of 1 MB, a line typed each second',
    ...{ bytes: MB, everyMs: 1000, edits: 'typed' }
  },
  {
    tag: 'hidden',
    figure: 'save.age.hidden',
    what: 'a hidden tab, a line of output each second',
    ...{ bytes: MB, everyMs: 1000, edits: 'printed', isHidden: true }
  },
  {
    tag: 'stream',
    figure: 'save.age.stream',
    what: 'a line of output every 200 ms',
    ...{ bytes: MB, everyMs: 200, edits: 'printed' }
  },
  {
    tag: 'slow',
    figure: 'save.age.slow',
    what: 'a notebook of 10 MB that is sent whole over an uplink of 1 Mbit/s, a line typed each second',
    ...{ bytes: 10 * MB, everyMs: 1000, edits: 'typed', uplink: MBIT_PER_S, isSentWhole: true }
  },
  {
    tag: 'file',
    figure: 'save.file.age',
    what: 'the file alone: a notebook of 20 MB, a line typed each second',
    ...{ bytes: 20 * MB, everyMs: 1000, edits: 'typed', place: 'file' }
  }
];

const only = process.env['LABKEEPER_ONLY']?.split(',');
const scenarios = SCENARIOS.filter(({ tag }) => only?.includes(tag) ?? true);

interface IOutcome {
  /** By tag: where the scenario counts, and in the file alone. */
  readonly ages: Readonly<Record<string, { readonly counted: IAges; readonly file: IAges }>>;
  readonly recovered: unknown;
}

async function measure(environment: Record<string, string>, isOurs: boolean): Promise<IOutcome> {
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-ages-'));
  mkdirSync(join(home, 'work'));
  const options = { home, memory: '6G', cpu: 2, environment };
  const documents = scenarios.map(scenario => ({
    ...{ scenario, tag: scenario.tag, file: `${scenario.tag}.ipynb`, ages: new WorkAges() }
  }));
  for (const { scenario, file } of documents) {
    writeNotebook(join(home, 'work', file), scenario.bytes);
    if (scenario.isSentWhole) linkSync(join(home, 'work', file), join(home, `second name of ${file}`));
  }
  const server = await startServer(options);
  const closing: (() => Promise<void>)[] = [];
  try {
    const browsers = new Browsers(closing);
    const open: { document: (typeof documents)[number]; page: Page; hide?: () => Promise<void> }[] = [];
    for (const document of documents) {
      const { isHidden, uplink } = document.scenario;
      let url = server.url;
      if (uplink !== undefined) {
        const way = await openUplink(server.port, uplink);
        closing.push(way.close);
        url = `http://127.0.0.1:${way.port}`;
      }
      const hidden = isHidden ? await browsers.hidden() : null;
      const page = hidden ? await hidden.context.newPage() : await browsers.page();
      await openDocument(page, url, server.token, document.file);
      open.push({ document, page, ...(hidden ? { hide: () => hidden.hide(page) } : {}) });
    }
    const watch = new DiskWatch(server, documents);
    const untilMs = Date.now() + LASTS_MS;
    await Promise.all(
      open.map(async ({ document, page, hide }) => {
        const { tag, ages, scenario } = document;
        const { everyMs } = scenario;
        if (scenario.edits === 'typed') return keepTyping(page, { tag, ages, everyMs, untilMs });
        await startPrinting(page, { tag, everyMs, lastsMs: untilMs - Date.now() });
        await hide?.();
        await sleep(untilMs - Date.now());
      })
    );
    const endMs = Date.now();
    await watch.stop();
    for (const { tag, scenario, ages } of documents)
      if (scenario.edits === 'printed') readPrinted(server, tag, ages);
    for (const { document: watched, page } of open) {
      const state = await page.evaluate(() => document.visibilityState);
      if ((state === 'hidden') !== (watched.scenario.isHidden ?? false))
        throw new Error(`the page of ${watched.tag} did not stay as it was: ${state}`);
    }
    const ages = Object.fromEntries(
      documents.map(({ tag, scenario, ages }) => [
        tag,
        { counted: ages.ages(scenario.place ?? 'disk', endMs), file: ages.ages('file', endMs) }
      ])
    );
    const watched: readonly IWatched[] = documents;
    return { ages, recovered: isOurs ? await killAndRecover(server, options, watched) : null };
  } finally {
    for (const close of closing.reverse()) await close();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** The browsers of one JupyterLab, started when they are needed. */
class Browsers {
  /** @param closing - takes what ends them. */
  constructor(closing: (() => Promise<void>)[]) {
    this.closing = closing;
  }

  async page(): Promise<Page> {
    if (!this.seen) {
      const browser = await chromium.launch(BROWSER);
      this.closing.push(() => browser.close());
      this.seen = browser;
    }
    return (await this.seen.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  }

  async hidden(): Promise<IHiddenBrowser> {
    if (!this.unseen) {
      this.unseen = await startHiddenBrowser();
      this.closing.push(this.unseen.close);
    }
    return this.unseen;
  }

  private readonly closing: (() => Promise<void>)[];
  private seen: Browser | null = null;
  private unseen: IHiddenBrowser | null = null;
}

const [ours, stock] = await Promise.all([
  measure({}, true),
  measure({ LABKEEPER_DISABLE: 'save-guard' }, false)
]);
for (const { tag, figure, what } of scenarios) {
  const mine = ours.ages[tag];
  const theirs = stock.ages[tag];
  if (!mine || !theirs) throw new Error(`nothing was measured of ${tag}`);
  record(
    {
      id: figure,
      what: `Worst age of work that is on no disk in ${LASTS_MS / 60_000} minutes, ${what}`,
      unit: 's',
      value: mine.counted.worstS,
      n: mine.counted.edits,
      peer: { name: 'JupyterLab', value: Number(theirs.counted.worstS.toPrecision(4)) },
      samples: { ours: mine, recovered: ours.recovered, stock: theirs }
    },
    'ages'
  );
}
