// death.dialog.p50, death.dialog.p95: from a real death by the memory limit to our dialog in a real browser. When the
// process ended is told by a watcher of its own (pidfd), not by Labkeeper; both clocks are this machine's.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { newNotebook, runCode, whenLabIsUp } from './lib/lab.mts';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { quantile } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

declare global {
  interface Window {
    dialogsSeen: { ours: number[]; stock: number };
  }
}

const DEATHS = times(50, 3);

const WATCHER = `
import os, select, sys, time
for line in sys.stdin:
    fd = os.pidfd_open(int(line))
    print('watching', flush=True)
    select.select([fd], [], [])
    print(time.time() * 1000, flush=True)
    os.close(fd)
`;

const server = await startServer({ memory: '700M', cpu: 2 });
const watcher = spawn('.venv/bin/python', ['-uc', WATCHER], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: watcher.stdout })[Symbol.asyncIterator]();
const nextLine = async () => String((await lines.next()).value);
const browser = await chromium.launch(BROWSER);
const rows: { diedAtMs: number; dialogAtMs: number; seconds: number; headline: string; stock: number }[] = [];
try {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    // The first moment at which a dialog of ours is painted, and how many of Lab's there were.
    window.dialogsSeen = { ours: [], stock: 0 };
    const seen = window.dialogsSeen;
    const known = new WeakSet<Element>();
    // A dialog is in the page before its text is: each change is looked at until it is known whose it is.
    new MutationObserver(() => {
      for (const dialog of document.querySelectorAll('.jp-Dialog')) {
        if (known.has(dialog)) continue;
        const isOurs = dialog.querySelector('.lk-Explanation') !== null;
        const isStock = /Kernel Restarting/.test(dialog.textContent ?? '');
        // Shown is what has been painted: the second frame comes after that.
        if (isOurs) requestAnimationFrame(() => requestAnimationFrame(() => seen.ours.push(Date.now())));
        else if (isStock) seen.stock++;
        if (isOurs || isStock) known.add(dialog);
      }
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.goto(`${server.url}/lab?token=${server.token}`);
  await whenLabIsUp(page);
  await newNotebook(page);
  for (let i = 0; i < DEATHS; i++) {
    await runCode(page, 'import os; print("pid", os.getpid())');
    const output = page.locator('.jp-NotebookPanel:visible .jp-OutputArea-output', { hasText: /pid \d+/ });
    await output.waitFor();
    const pid = /pid (\d+)/.exec(await output.innerText())?.[1] ?? '';
    watcher.stdin.write(`${pid}\n`);
    await nextLine();
    const before = await page.evaluate(() => window.dialogsSeen.ours.length);
    await runCode(page, 'rows = []\nwhile True: rows.append(b"x" * 8_000_000)');
    const diedAtMs = Number(await nextLine());
    const dialog = page.locator('.jp-Dialog', { has: page.locator('.lk-Explanation') });
    await dialog.waitFor({ timeout: 20_000 });
    await page.waitForFunction(before => window.dialogsSeen.ours.length > before, before);
    const seen = await page.evaluate(() => window.dialogsSeen);
    const dialogAtMs = seen.ours[before] ?? Number.NaN;
    const headline = await dialog.locator('.jp-Dialog-header').innerText();
    rows.push({ diedAtMs, dialogAtMs, seconds: (dialogAtMs - diedAtMs) / 1000, headline, stock: seen.stock });
    if (!/^Memory limit exceeded/.test(headline)) console.log(`  death ${i}: "${headline}"`);
    // The restarter needs up to 3 s to see the death, then the kernel some time to start.
    await page.waitForTimeout(4500);
    await dialog.getByRole('button', { name: 'OK' }).click();
    await dialog.waitFor({ state: 'detached' });
    // A row of deaths within 10 s ends in no more restarts; ordinary deaths lie further apart.
    await page.waitForTimeout(6500);
  }
} finally {
  await browser.close();
  watcher.kill();
  await server.stop();
}
const seconds = rows.map(row => row.seconds);
const stock = rows.at(-1)?.stock ?? 0;
const what = (which: string) =>
  `From a real memory-limit death to the dialog in a real browser, ${which}; stock dialogs shown: ${stock}`;
record(
  {
    id: 'death.dialog.p50',
    what: what('median'),
    unit: 's',
    value: quantile(seconds, 0.5),
    n: rows.length,
    samples: rows
  },
  'dialog'
);
record(
  {
    id: 'death.dialog.p95',
    what: what('95th percentile'),
    unit: 's',
    value: quantile(seconds, 0.95),
    n: rows.length,
    samples: rows
  },
  'dialog'
);
