import { Notification } from '@jupyterlab/apputils';
import { exampleDeath, exampleEvidence, exampleSample } from './example-events.js';
import { PageParts } from './page-parts.js';
import { settled } from './until.js';
import { UserSettings } from './user-settings.js';

const GB = 1024 ** 3;
let page: PageParts;

afterEach(async () => {
  page.close();
  await settled();
  Notification.dismiss();
});

const messages = (): string[] => Notification.manager.notifications.map(({ message }) => message);

/** The last sample showed so much of 8 GB; then, after a time, the connection was lost. */
async function lose(unreclaimableBytes: number, afterMs = 1000, settings: UserSettings | null = null) {
  page = new PageParts({ settings: settings?.registry ?? null });
  page.companion.saySample(exampleSample(unreclaimableBytes));
  page.nowMs += afterMs;
  page.companion.become('away');
  await settled();
}

test('lost while memory was full, the page says what its last sample showed, and no cause', async () => {
  await lose(7.9 * GB);
  expect(messages()).toEqual([
    expect.stringMatching(
      /^Connection lost\. Last seen at .*03:21.*: 7\.9 of 8 GB of memory in use that could not be freed\.$/
    )
  ]);
});

test('it is said once, however often the connection is tried', async () => {
  await lose(7.9 * GB);
  page.companion.become('away');
  page.companion.become('away');
  await settled();
  expect(messages()).toHaveLength(1);
});

test('it is taken back when the connection is there again', async () => {
  await lose(7.9 * GB);
  page.companion.become('connected');
  expect(messages()).toEqual([]);
});

test('it gives way to the truth about the container', async () => {
  await lose(7.9 * GB);
  page.companion.deathsKnown.emit([
    exampleDeath({ evidence: exampleEvidence({ fromFlightRecorder: true }) })
  ]);
  await settled();
  expect(messages()).toEqual([]);
});

test('without danger it is the meter’s matter', async () => {
  await lose(7.5 * GB);
  expect(messages()).toEqual([]);
});

test('an old sample says nothing about the moment of the loss', async () => {
  await lose(7.9 * GB, 15_001);
  expect(messages()).toEqual([]);
});

test('lost in the first moments, the user’s switch holds', async () => {
  const settings = new UserSettings({ deathDialog: false });
  await lose(7.9 * GB, 1000, settings);
  settings.answer();
  await page.switches.ready;
  await settled();
  expect(messages()).toEqual([]);
});
