import { Notification } from '@jupyterlab/apputils';
import { closeDialog, dialogSaying, openDialogs } from './dialogs.js';
import { exampleDeath, exampleEvidence, exampleVerdict } from './example-events.js';
import { FakeCompanion } from './fake-companion.js';
import { Kept } from './kept.js';
import { PageParts } from './page-parts.js';
import { settled } from './until.js';
import { UserSettings } from './user-settings.js';

let pages: PageParts[] = [];
let keep: Kept;

beforeEach(() => {
  keep = new Kept();
});

afterEach(async () => {
  pages.forEach(page => page.close());
  pages = [];
  Notification.dismiss();
  await settled();
  expect(openDialogs()).toEqual([]);
});

/** The page is loaded (again) in the same browser, and hears of these deaths once it is connected. */
async function load(...[deaths, settings]: [ReturnType<typeof exampleDeath>[], UserSettings?]) {
  pages.at(-1)?.close();
  const companion = new FakeCompanion();
  companion.info = null;
  const page = new PageParts({ companion, keep, settings: settings?.registry ?? null });
  pages.push(page);
  await settled();
  companion.info = new FakeCompanion().info;
  companion.connectWith(deaths);
  await settled();
  return page;
}

const messages = (): string[] => Notification.manager.notifications.map(({ message }) => message);

test('a death while the page was closed is told by one notification, once over all reloads', async () => {
  await load([]);
  await load([exampleDeath()]);
  expect(messages()).toEqual([
    expect.stringMatching(
      /^While this page was closed, the kernel of analysis\.ipynb died at .*\. Memory limit exceeded: 8 GB$/
    )
  ]);
  expect(openDialogs()).toEqual([]);
  Notification.dismiss();
  for (let reload = 0; reload < 3; reload++) {
    await load([exampleDeath()]);
    expect(messages()).toEqual([]);
    expect(openDialogs()).toEqual([]);
  }
});

test('its "Details" opens the dialog', async () => {
  await load([exampleDeath()]);
  const [details] = Notification.manager.notifications[0]?.options.actions ?? [];
  details?.callback(new MouseEvent('click'));
  await dialogSaying('This kernel held 6.9 GB.');
});

test('what was told in the open page is not told again after a reload', async () => {
  const page = await load([]);
  page.companion.sayDeath(exampleDeath());
  await dialogSaying('Memory limit exceeded');
  await closeDialog();
  await load([exampleDeath({ consequence: 'restarted' })]);
  expect(messages()).toEqual([]);
  expect(openDialogs()).toEqual([]);
});

test('after a laptop slept, the page that was open all the time tells the death in the dialog', async () => {
  const page = await load([]);
  page.companion.become('away');
  page.companion.connectWith([exampleDeath({ consequence: 'restarted' })]);
  await dialogSaying('The kernel has restarted; its variables are gone.');
  expect(messages()).toEqual([]);
  await closeDialog();
  // The connection is lost and made once more: the same list comes again.
  page.companion.connectWith([exampleDeath({ consequence: 'restarted' })]);
  await settled();
  expect(openDialogs()).toEqual([]);
});

test('the end of a whole container opens one dialog, for the kernel that held most, and only once', async () => {
  const ended = (id: string, heldBytes: number, title: string) => {
    const { kernel } = exampleEvidence();
    return exampleDeath({
      id,
      verdict: exampleVerdict({ cause: 'container-killed', heldBytes }),
      evidence: exampleEvidence({ fromFlightRecorder: true, kernel: { ...kernel, kernelId: id, title } })
    });
  };
  const deaths = [ended('a', 10, 'small.ipynb'), ended('b', 99, 'large.ipynb'), ended('c', 11, 'tiny.ipynb')];
  await load(deaths);
  const dialog = await dialogSaying('The whole container was stopped');
  expect(dialog.textContent).toContain('large.ipynb');
  await closeDialog();
  await load(deaths);
  expect(openDialogs()).toEqual([]);
});

test('deaths known before this part of the page was there are told too', async () => {
  const companion = new FakeCompanion();
  companion.deaths = [exampleDeath()];
  pages.push(new PageParts({ companion, keep }));
  await settled();
  expect(messages()).toHaveLength(1);
});

test('switched off, nothing is said of the past', async () => {
  const settings = new UserSettings({ deathDialog: false });
  settings.answer();
  await load([exampleDeath()], settings);
  expect(messages()).toEqual([]);
  expect(openDialogs()).toEqual([]);
});
