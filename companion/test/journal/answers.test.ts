import { encode, encodeBulk, journalBatch, runOpened } from '@labkeeper/protocol';
import { RunningApp } from '../running-app.js';
import { get, scratch, type Client } from '../wire.js';
import { BASE, runId } from './scene.js';

describe('the answer to a batch', () => {
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

  /** Sends a batch, and waits until it is on the disk. */
  const write = async (page: Client): Promise<void> => {
    page.socket.send(encode(runOpened, { run: runId(1), path: 'a.ipynb', kind: 'notebook' }));
    page.socket.send(encodeBulk(journalBatch, { run: runId(1), seq: 1, more: false }, BASE));
    for (let isWritten = false; !isWritten;) {
      const { body } = await get(app.socketPath, '/health');
      isWritten = (body as { journal: { liveBytes: number } }).journal.liveBytes > 0;
    }
  };
  const watched = async (): Promise<Client> => {
    const page = await app.page();
    while (page.of('usage/sample').length === 0) {
      await app.pass(1000, 1000);
    }
    return page;
  };

  it('goes with the next sample to a page that is seen', async () => {
    const page = await watched();
    await write(page);
    expect(page.of('save/durable')).toHaveLength(0);
    await app.pass(1000, 1000);
    await page.next('save/durable');
    expect(page.received.at(-2)?.method).toBe('usage/sample');
  });

  it('goes at once to a page that is hidden before the next sample', async () => {
    const page = await watched();
    await write(page);
    page.send('page/visibility', { visible: false });
    await page.next('save/durable');
  });

  it('does not wait while the end is near', async () => {
    const page = await watched();
    app.app.signal('SIGTERM');
    const closed = app.app.close('asked');
    page.socket.send(encode(runOpened, { run: runId(1), path: 'a.ipynb', kind: 'notebook' }));
    page.socket.send(encodeBulk(journalBatch, { run: runId(1), seq: 1, more: false }, BASE));
    await page.next('save/durable');
    app.clock.advance(1000);
    await closed;
  });
});
