import { encode, encodeBulk, journalBatch, runOpened } from '@labkeeper/protocol';
import { RunningApp } from '../running-app.js';
import { get, PAGE_HELLO, scratch, type Client } from '../wire.js';
import { BASE, runId } from './scene.js';

describe('the sign that time passes', () => {
  let home: ReturnType<typeof scratch>;
  let app: RunningApp;
  beforeEach(async () => {
    home = scratch();
    app = await RunningApp.start({ home: home.path });
  });
  afterEach(async () => {
    await app.stop();
    home.remove();
  });

  const write = async (page: Client): Promise<void> => {
    page.socket.send(encode(runOpened, { run: runId(1), path: 'a.ipynb', kind: 'notebook' }));
    page.socket.send(encodeBulk(journalBatch, { run: runId(1), seq: 1, more: false }, BASE));
    await page.next('save/durable');
  };
  const see = async (page: Client, visible: boolean): Promise<void> => {
    page.send('page/visibility', { visible });
    for (let seen = -1; seen !== (visible ? 1 : 0);) {
      const { body } = await get(app.socketPath, '/health');
      seen = (body as { visiblePages: number }).visiblePages;
    }
  };
  /** How many ticks a page gets in so many ms. */
  const ticks = async (page: Client, ms: number): Promise<number> => {
    const before = page.of('save/tick').length;
    const answers = page.of('save/journal-state').length;
    await app.pass(ms, 1000);
    // The answer to a second hello comes behind all that was sent before.
    page.send('hello', { ...PAGE_HELLO, visible: false });
    while (page.of('save/journal-state').length === answers) {
      await new Promise(setImmediate);
    }
    return page.of('save/tick').length - before;
  };

  it('does not go to a page that is seen: its own clock runs', async () => {
    const page = await app.page();
    await write(page);
    expect(await ticks(page, 60_000)).toBe(0);
  });

  it('goes to a page that was hidden, every 5 s for a minute', async () => {
    const page = await app.page();
    await write(page);
    await see(page, false);
    expect(await ticks(page, 31_000)).toBe(6);
    expect(await ticks(page, 120_000)).toBe(6);
  });

  it('goes to a hidden page from its first batch on, until it is seen', async () => {
    const page = await app.page({ ...PAGE_HELLO, visible: false });
    expect(await ticks(page, 20_000)).toBe(0);
    await write(page);
    expect(await ticks(page, 11_000)).toBe(2);
    await see(page, true);
    expect(await ticks(page, 20_000)).toBe(0);
  });
});
