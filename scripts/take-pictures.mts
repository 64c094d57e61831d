// Takes the README's pictures from the real thing: `npm run pictures`. The same cell, the same limit, without and with Labkeeper; and
// the install log of the demo hub.
import { chromium } from '@playwright/test';
import { BROWSER } from '../bench/lib/browser.mts';
import { command, newNotebook, runCode, whenLabIsUp } from '../bench/lib/lab.mts';
import { startServer } from '../bench/lib/server.mts';
import { takeLogPicture } from './take-log-picture.mts';

const CELL = `measurements = []
while True:
    measurements.append(bytes(8_000_000))`;

const browser = await chromium.launch(BROWSER);
try {
  for (const [picture, environment] of [
    ['stock', { LABKEEPER_DISABLE: '1' }],
    ['dialog', {}]
  ] as const) {
    const server = await startServer({ memory: '2G', cpu: 1, environment });
    try {
      const page = await browser.newPage({ viewport: { width: 860, height: 620 }, deviceScaleFactor: 2 });
      await page.goto(`${server.url}/lab?token=${server.token}`);
      await whenLabIsUp(page);
      await page.getByRole('button', { name: 'No', exact: true }).click();
      await newNotebook(page);
      await command(page, 'application:toggle-left-area');
      await page.waitForTimeout(2000);
      await runCode(page, CELL);
      await page
        .locator(picture === 'stock' ? '.jp-Dialog' : '.jp-Dialog.lk-Explain')
        .waitFor({ timeout: 60_000 });
      await page.waitForTimeout(500);
      await page.screenshot({ path: `docs/images/${picture}.png` });
    } finally {
      await server.stop();
    }
  }
  await takeLogPicture(browser, 'docs/images/install-log.png');
} finally {
  await browser.close();
}
