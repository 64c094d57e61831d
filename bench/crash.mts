// crash.lost: SIGKILL of the browser, jupyter_server or the companion at random points while documents are edited and
// saved. Is everything that a page was told is safe there after the next start, and are the originals whole? Most kills
// are around pages without a browser, which speak the page's protocol over the real WebSocket and save by the real
// handler; some around a real JupyterLab in a real Chromium.
import { BrowserLane } from './lib/crash-browser.mts';
import { CrashLane } from './lib/crash-lane.mts';
import { KillLog } from './lib/kill-log.mts';
import { record } from './lib/result.mts';
import { times } from './lib/trial.mts';

const KILLS = times(1000, 24);
/** A round with a real browser: it is killed, and then the server. */
const BROWSER_ROUNDS = Math.max(2, Math.round(KILLS / 40));

// So that no server is left behind.
process.once('SIGTERM', () => process.exit(143));

const withoutBrowser = new KillLog('without a browser', KILLS - 2 * BROWSER_ROUNDS);
const withBrowser = new KillLog('with Chromium', 2 * BROWSER_ROUNDS);
const log = withoutBrowser;
await Promise.all([
  new CrashLane({ name: 'a', log, isPatient: false }).run(),
  new CrashLane({ name: 'b', log, isPatient: false }).run(),
  new CrashLane({ name: 'c', log, isPatient: false }).run(),
  new CrashLane({ name: 'patient', log, isPatient: true }).run(),
  new BrowserLane(withBrowser).run(BROWSER_ROUNDS)
]);
const parts = [withoutBrowser, withBrowser].map(log => log.summary());
parts.forEach(part => console.log(part));
record(
  {
    id: 'crash.lost',
    what: `Acknowledged edits lost, or originals damaged: SIGKILL at random points, ${withBrowser.kills.browser} of a real Chromium that edits, the others around pages without a browser`,
    unit: 'losses',
    value: withoutBrowser.losses.length + withBrowser.losses.length,
    n: withoutBrowser.events + withBrowser.events,
    samples: parts
  },
  'crash'
);
process.exitCode = withoutBrowser.losses.length + withBrowser.losses.length > 0 ? 1 : 0;
