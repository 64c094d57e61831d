// activity.ours: updates of the server's last activity at the hub that Labkeeper causes in ten idle minutes with a
// visible tab (Lab's own polling is answered inside the browser, so what is left is ours) and in a hidden one, which
// the real idle culler must stop on time after the last that Lab itself did.
import { spawn } from 'node:child_process';
import { type Page, type Request, chromium } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { sleep } from './lib/cpu.mts';
import { type IHub, logIn, startHub } from './lib/hub.mts';
import { record } from './lib/result.mts';
import { extent } from './lib/trial.mts';

const MINUTES = extent(10, 1);
const TIMEOUT_S = 120;
const EVERY_S = 10;
/** Lab still asks something a minute after it was hidden; when it has not been quiet by then, nothing was measured. */
const PATIENCE_S = 600;
/** How far from a request of Lab's an activity may lie that it caused. */
const CAUSED_MS = 2000;
const token = 'bench-token-0123456789abcdef';

async function lastActivity(hub: IHub): Promise<string | null> {
  const answer = await fetch(`${hub.url}/hub/api/users?include_stopped_servers=1`, {
    headers: { Authorization: `token ${token}` }
  });
  const users: { name: string; servers?: Record<string, { last_activity: string; ready: boolean }> }[] =
    await answer.json();
  const server = users.find(user => user.name === 'researcher')?.servers?.[''];
  return server?.ready ? server.last_activity : null;
}

/** Answers Lab's own requests and sockets inside the browser; Labkeeper's pass. */
async function silenceLab(page: Page): Promise<void> {
  const known = new Map<string, { status: number; headers: Record<string, string>; body: Buffer }>();
  await page.route(/\/user\/researcher\/(api|lab\/api)\//, async route => {
    const request = route.request();
    const key = `${request.method()} ${new URL(request.url()).pathname}`;
    let answer = known.get(key);
    if (!answer) {
      const real = await route.fetch();
      answer = { status: real.status(), headers: real.headers(), body: await real.body() };
      known.set(key, answer);
    }
    await route.fulfill(answer);
  });
}

const hub = await startHub({
  port: 21400,
  environment: { LABKEEPER_BENCH_TOKEN: token, LABKEEPER_DEFAULT_URL: '/lab' }
});
const browser = await chromium.launch(BROWSER);
const samples: Record<string, unknown> = {};
let ours = 0;
try {
  const page = await browser.newPage();
  await silenceLab(page);
  await logIn(page, hub);
  await page.locator('.lk-Meter').waitFor();
  // Lab's start itself is activity, and the hub hears of it some seconds later.
  await sleep(45_000);
  const seen: string[] = [];
  let last = await lastActivity(hub);
  for (const end = Date.now() + MINUTES * 60_000; Date.now() < end; await sleep(5000)) {
    const now = await lastActivity(hub);
    if (now !== last) seen.push(`${new Date().toISOString()}: ${last} → ${now}`);
    last = now;
  }
  samples['visible'] = seen;
  ours += seen.length;
  const text = await page.locator('.lk-Meter').innerText();
  samples['meter at the end'] = text;
  if (!/GB|MB/.test(text)) throw new Error(`the meter did not run to the end: "${text}"`);

  // A hidden tab: headless Chromium calls every tab visible, so the page is told otherwise.
  await page.unroute(/\/user\/researcher\/(api|lab\/api)\//);
  await page.reload();
  await page.locator('.lk-Meter').waitFor();
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { get: () => true });
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  const hiddenAt = Date.now();
  const askedByLab: number[] = [hiddenAt];
  const note = (request: Request) => {
    if (!request.url().includes('/labkeeper/')) askedByLab.push(Date.now());
  };
  page.on('request', note);
  page.on('requestfinished', note);
  const culler = spawn(
    '.venv/bin/python',
    [
      '-m',
      'jupyterhub_idle_culler',
      `--timeout=${TIMEOUT_S}`,
      `--cull-every=${EVERY_S}`,
      `--url=${hub.url}/hub/api`
    ],
    {
      stdio: 'inherit',
      env: { ...process.env, JUPYTERHUB_API_TOKEN: token }
    }
  );
  let activity = Date.parse((await lastActivity(hub)) ?? '');
  const hidden: string[] = [];
  let culledAfter: number | null = null;
  try {
    for (;;) {
      const now = await lastActivity(hub);
      if (now === null) {
        culledAfter = (Date.now() - activity) / 1000;
        break;
      }
      if (Date.parse(now) !== activity) {
        activity = Date.parse(now);
        if (!askedByLab.some(at => Math.abs(at - activity) < CAUSED_MS)) hidden.push(now);
      }
      if (Date.now() - activity > (TIMEOUT_S + 3 * EVERY_S) * 1000) break;
      if (Date.now() - hiddenAt > PATIENCE_S * 1000) throw new Error('Lab itself kept its server awake');
      await sleep(1000);
    }
  } finally {
    culler.kill('SIGTERM');
  }
  samples['hidden'] = {
    timeoutSeconds: TIMEOUT_S,
    culledSecondsAfterLastActivity: culledAfter,
    culledSecondsAfterHiding: culledAfter === null ? null : (Date.now() - hiddenAt) / 1000,
    notByLab: hidden
  };
  ours += hidden.length + (culledAfter === null ? 1 : 0);
} finally {
  await browser.close();
  await hub.stop();
}
record(
  {
    id: 'activity.ours',
    what: `Activity not of Lab's making in ${MINUTES} idle minutes with a visible tab and until a hidden one is culled, and 1 if that is not on time`,
    unit: 'updates',
    value: ours,
    n: 1,
    samples
  },
  'activity'
);
