import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reclaim } from '@labkeeper/protocol';
import { ReceiptBook } from '../../src/losses/receipt-book.js';
import { serverId } from '../../src/recorder/server-id.js';
import { FakeClock } from '../fake-clock.js';
import { scratch } from '../wire.js';

const DEAD = 'another-boot:1:2:3';
const NOTICE: Reclaim = {
  ...{ id: 'n', kind: 'reclaim', deadlineMs: 2e12, givenAtMs: 1e12, source: 'test', withdrawn: false }
};
const DOCUMENT = { path: 'a.ipynb', lostMs: 0, place: 'journal' } as const;

describe('The receipt of a reclaim', () => {
  const home = scratch();
  const folder = join(home.path, '.local/share/labkeeper/receipts/default');
  const clock = new FakeClock();
  let boots = 0;
  let logged: string[] = [];
  let changes = 0;
  const book = (server = DEAD): ReceiptBook => {
    boots += 1;
    logged = [];
    changes = 0;
    return new ReceiptBook({
      ...{ home: home.path, serverName: '', boot: `boot-${boots}`, procRoot: '/proc', clock },
      serverId: server,
      log: line => logged.push(line),
      changed: () => (changes += 1)
    });
  };
  const files = (): string[] => readdirSync(folder).sort();

  afterAll(() => home.remove());

  it('is written while the notice holds, offered after the next start, and gone when it was read', async () => {
    const first = book();
    await first.start();
    expect(first.last).toBeNull();
    first.noticed([NOTICE]);
    first.standing([DOCUMENT], 800);
    clock.advance(2500);
    await first.close();
    expect(files()).toEqual(['now.json']);

    const second = book();
    await second.start();
    expect(second.last).toMatchObject({ reclaim: NOTICE, documents: [DOCUMENT], safeAfterMs: 800 });
    expect(changes).toBe(1);
    second.wasRead('another');
    expect(second.last).not.toBeNull();
    second.wasRead('n');
    await second.close();
    expect(files()).toEqual([]);
  });

  it('is on the disk without an orderly end, within two seconds of what it tells', async () => {
    const first = book();
    await first.start();
    first.noticed([NOTICE]);
    clock.advance(0);
    first.standing([{ ...DOCUMENT, lostMs: 4000 }], null);
    clock.advance(2000);
    await first.start();
    const text = readFileSync(join(folder, 'last.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ receipt: { documents: [{ lostMs: 4000 }] } });
  });

  it('is removed when the notice is withdrawn, and never written for a trial', async () => {
    const first = book();
    await first.start();
    first.wasRead('n');
    first.noticed([NOTICE]);
    clock.advance(2000);
    first.noticed([{ ...NOTICE, withdrawn: true }]);
    clock.advance(2000);
    first.noticed([{ ...NOTICE, id: 't', kind: 'trial' }]);
    clock.advance(2000);
    await first.close();
    expect(files()).toEqual([]);
  });

  it('is not offered by a companion that began anew beside the same server', async () => {
    const alive = serverId('/proc', process.pid);
    const first = book(alive);
    await first.start();
    first.noticed([NOTICE]);
    clock.advance(2000);
    await first.close();
    const second = book(alive);
    await second.start();
    expect(second.last).toBeNull();
    second.noticed([]);
    await second.close();
  });

  it.each(['', '{"server":"x"}', '{"server":"x","receipt":{"documents":7}}', '\0\0\0'])(
    'that is broken is none: %j',
    async text => {
      writeFileSync(join(folder, 'last.json'), text);
      const first = book();
      await first.start();
      expect(first.last).toBeNull();
      expect(logged).toEqual([]);
    }
  );

  it('that cannot be kept is said once', async () => {
    const file = join(home.path, 'file');
    writeFileSync(file, '');
    const first = new ReceiptBook({
      ...{ home: file, serverName: '', serverId: DEAD, boot: 'b', procRoot: '/proc', clock },
      log: line => logged.push(line),
      changed: () => undefined
    });
    logged = [];
    await first.start();
    first.noticed([NOTICE]);
    clock.advance(2000);
    await new Promise(setImmediate);
    // As soon as it can be kept, it is.
    rmSync(file);
    const receipts = join(file, '.local/share/labkeeper/receipts/default');
    mkdirSync(receipts, { recursive: true });
    writeFileSync(join(receipts, 'now.json.killed'), 'half');
    utimesSync(join(receipts, 'now.json.killed'), 1, 1);
    await first.close();
    expect(readdirSync(receipts)).toEqual(['now.json']);
    expect(logged).toHaveLength(1);
  });
});
