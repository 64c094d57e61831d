import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BrowserServer, type Page, chromium } from '@playwright/test';
import { BROWSER } from './browser.mts';
import type { KillLog, Victim } from './kill-log.mts';
import { command, whenLabIsUp } from './lab.mts';
import { PageFrames } from './page-frames.mts';
import { Patience } from './patience.mts';
import { hurryRecoveries } from './recovery-processes.mts';
import { type IServer, startServer } from './server.mts';

const FIRST = 'start ';
/** A recovery has the lowest priority: on a busy machine it takes long. */
const FOUND_MS = 600_000;
/** So many pages may fail to open in time before the benchmark gives up. */
const MOST_UNOPENED = 10;
/** Longest that a page may take to open on a busy machine. */
const PATIENCE_MS = 180_000;
/** Longest that a page edits before the kill: several flushes to the journal, and a save of the file. */
const EDITS_MS = 9000;

const notebook = (text: string): string =>
  `${JSON.stringify(
    {
      cells: [
        { cell_type: 'code', execution_count: null, id: 'only', metadata: {}, outputs: [], source: [text] }
      ],
      metadata: { kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' } },
      nbformat: 4,
      nbformat_minor: 5
    },
    null,
    1
  )}\n`;

/**
 * A real JupyterLab in a real Chromium that is killed with SIGKILL, its whole process group, while somebody types; then
 * the server, so that the next one finds what the journal holds. Everything the page was told is safe has to be there.
 */
export class BrowserLane {
  private readonly log: KillLog;
  private unopened = 0;
  private readonly home = mkdtempSync(join(tmpdir(), 'labkeeper-crash-browser-'));
  private readonly folder = join(this.home, 'work');

  constructor(log: KillLog) {
    this.log = log;
  }

  /** @param rounds - each a kill of the browser, and one of the server. */
  async run(rounds: number): Promise<void> {
    let server = await this.start(null);
    try {
      for (let round = 1; round <= rounds;) {
        const next = await this.round(server, round);
        if (next !== null) round += 1;
        server = next ?? server;
      }
    } finally {
      await server.stop();
      rmSync(this.home, { recursive: true, force: true });
    }
  }

  private start(before: IServer | null): Promise<IServer> {
    const again = before ? { port: before.port, token: before.token } : {};
    // The dialog that tells how the last server died would be in the way of typing.
    const environment = { LABKEEPER_DISABLE: 'deaths,notices,flight-recorder' };
    return startServer({ memory: '3G', home: this.home, environment, ...again });
  }

  /** @returns the next server; null = the page could not be opened, and nothing was killed. */
  private async round(server: IServer, round: number): Promise<IServer | null> {
    const isText = round % 3 === 0;
    const path = `browser-${round}.${isText ? 'py' : 'ipynb'}`;
    writeFileSync(join(this.folder, path), isText ? FIRST : notebook(FIRST));
    const browser = await chromium.launchServer(BROWSER);
    let typed = FIRST;
    try {
      const page = await (await chromium.connect(browser.wsEndpoint())).newPage();
      const frames = await this.open(page, server, path);
      if (frames === null) return null;
      const typing = this.type(page, round, text => (typed += text));
      // Most kills come when something was acknowledged; some come before anything was.
      const deadline = Date.now() + 15_000;
      while (round % 8 !== 0 && frames.acknowledgements === 0 && Date.now() < deadline) await sleep(20);
      await sleep(Math.random() * EDITS_MS);
      const victims = await this.kill(server, browser, round);
      this.log.killed(victims, []);
      const next = await this.endServer(server, round);
      await typing;
      await this.verify(next, path, typed, frames);
      return next;
    } finally {
      kill(browser);
    }
  }

  /** Opens the document, with the cursor at its end; null = not in time, which happens on a busy machine. */
  private async open(page: Page, server: IServer, path: string): Promise<PageFrames | null> {
    page.setDefaultTimeout(PATIENCE_MS);
    const file = join(this.folder, path);
    const frames = new PageFrames(page, path, file, bytes => textIn(path, bytes) ?? '');
    try {
      await page.goto(`${server.url}/lab/tree/${path}?token=${server.token}`);
      await whenLabIsUp(page, PATIENCE_MS);
      await page.locator('.jp-MainAreaWidget:visible .cm-content').first().click();
      await page.keyboard.press('ControlOrMeta+End');
      return frames;
    } catch (error) {
      this.unopened += 1;
      if (this.unopened > MOST_UNOPENED) throw error;
      return null;
    }
  }

  /** Types until the browser is gone; saves from time to time, as people do. */
  private async type(page: Page, round: number, typed: (text: string) => void): Promise<void> {
    for (let word = 1; ; word += 1) {
      const text = `w${word} `;
      typed(text);
      try {
        await page.keyboard.type(text, { delay: 12 });
        if (round % 2 === 0 && word % 100 === 60) await command(page, 'docmanager:save');
      } catch {
        // Killed in the middle of a word.
        return;
      }
    }
  }

  private async kill(server: IServer, browser: BrowserServer, round: number): Promise<Victim[]> {
    const companion = server.companionPid();
    const victims: Victim[] = ['browser'];
    if (round % 4 === 1 && companion !== null) {
      process.kill(companion, 'SIGKILL');
      victims.push('companion');
      await sleep(Math.random() * 100);
    }
    kill(browser);
    return victims;
  }

  /** The server is killed at the same time or a moment later, and the next one starts. */
  private async endServer(server: IServer, round: number): Promise<IServer> {
    await sleep(round % 4 === 3 ? Math.random() * 20 : Math.random() * 1500);
    process.kill(server.pid, 'SIGKILL');
    this.log.killed(['server'], []);
    while (server.exitCode() === null) await sleep(20);
    await server.stop();
    return this.start(server);
  }

  private async verify(
    server: IServer,
    path: string,
    typed: string,
    { acknowledged, unknown }: PageFrames
  ): Promise<void> {
    const about = { path, acknowledged: acknowledged.length, missing: 1 };
    const stem = path.replace(/\.\w+$/, '');
    const names = () =>
      readdirSync(this.folder).filter(name => name === path || name.startsWith(`${stem} (recovered `));
    const patience = new Patience(FOUND_MS);
    const isHeld = (name: string): boolean => {
      const text = this.textOf(name);
      return text !== null && text.startsWith(acknowledged) && typed.startsWith(text);
    };
    while (!names().some(isHeld) && !patience.isOver) {
      hurryRecoveries(server);
      await sleep(250);
    }
    const found = names().map(name => `${name}: ${this.textOf(name)?.length ?? 'nothing'}`);
    const detail = `${acknowledged.length} of ${typed.length} characters (${unknown} unknown); ${found.join(', ')}`;
    const isLost = !names().some(isHeld);
    const inFile = names().includes(path) && isHeld(path);
    this.log.verified(
      { lost: isLost ? [{ ...about, what: 'lost', detail }] : [], fromJournal: isLost || inFile ? 0 : 1 },
      [path]
    );
    const text = this.textOf(path);
    const isWhole = text !== null && typed.startsWith(text) && text.startsWith(FIRST);
    this.log.looked(about, isWhole ? null : `the file holds "${text?.slice(-50)}"`);
    for (const name of names()) rmSync(join(this.folder, name), { force: true });
  }

  /** null = it is none that could be opened. */
  private textOf(name: string): string | null {
    return textIn(name, readFileSync(join(this.folder, name)));
  }
}

function textIn(name: string, bytes: Buffer): string | null {
  if (!name.endsWith('.ipynb')) return bytes.toString();
  try {
    const { cells }: { cells: { source: string | string[] }[] } = JSON.parse(bytes.toString());
    return [cells[0]?.source ?? ''].flat().join('');
  } catch {
    // A copy is taking its name just now, or the file is damaged: the caller says which.
    return null;
  }
}

/** The browser with all its processes. */
function kill(browser: BrowserServer): void {
  const { pid } = browser.process();
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Gone already.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
