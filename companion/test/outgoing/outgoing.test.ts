import { randomUUID } from 'node:crypto';
import {
  EXAMPLE_CHARACTERS,
  HUB_PATHS,
  OutgoingClass,
  outgoingKnown,
  parseParams,
  REQUEST_PATHS,
  type OutgoingKnown
} from '@labkeeper/protocol';
import { HubClient } from '../../src/audit/hub-client.js';
import { OutgoingLedger } from '../../src/outgoing/outgoing-ledger.js';
import { CLASSES, OUTGOING, outgoingClass } from '../../src/outgoing/outgoing-table.js';
import { TestHub } from '../audit/test-hub.js';
import { FakeClock } from '../fake-clock.js';
import { NO_SITES } from '../installed/watched.js';
import { RunningApp } from '../running-app.js';
import { scratch, type Client } from '../wire.js';

jest.setTimeout(30_000);

describe('the table of what leaves a container', () => {
  it('has every class that pages describe, each told from the others', () => {
    expect([...CLASSES].sort()).toEqual([...OutgoingClass.options].sort());
    for (const what of CLASSES) {
      const { method, path } = OUTGOING[what];
      expect(outgoingClass(method, `${path.replaceAll('*', 'something')}?a=b`)).toBe(what);
    }
  });

  it.each(addresses())('has an entry for %s, which the protocol declares', path => {
    expect(CLASSES.some(what => OUTGOING[what].path === path)).toBe(true);
  });

  it('does not take one message for another', () => {
    expect(outgoingClass('PUT', HUB_PATHS.records)).toBeNull();
    expect(outgoingClass('POST', `${HUB_PATHS.records}/more`)).toBeNull();
    expect(outgoingClass('GET', '')).toBeNull();
  });
});

it('sends nothing that is not described to users', async () => {
  const hub = await TestHub.start();
  try {
    const client = new HubClient(hub.url, Date.now, new OutgoingLedger(Date.now));
    const sent = client.ask({ method: 'POST', path: 'api/v1/secrets', authorization: 'token secret' });
    await expect(sent).rejects.toThrow('no such message is described to users');
    expect(hub.requests).toEqual([]);
  } finally {
    await hub.stop();
  }
});

it('holds little of a large message', () => {
  const ledger = new OutgoingLedger(() => 5);
  const body = Buffer.from('é'.repeat(1_000_000));
  ledger.sent({ what: 'records', head: 'POST x', body, bytes: 2_000_010 });
  ledger.sent({ what: 'records', head: 'POST x', body, bytes: 2_000_010 });
  const row = ledger.rows.find(({ what }) => what === 'records');
  expect(row).toMatchObject({ count: 2, bytes: 4_000_020, last: { atMs: 5, isCut: true } });
  expect(row?.last?.body).toBe('é'.repeat(EXAMPLE_CHARACTERS));
  expect(ledger.rows.find(({ what }) => what === 'ticket')).toMatchObject({ count: 0, last: null });
});

describe('what pages are told', () => {
  let [home, hub] = [scratch(), null as TestHub | null];
  let app: RunningApp | null = null;
  beforeEach(async () => {
    home = scratch();
    hub = await TestHub.start();
  });
  afterEach(async () => {
    await app?.stop();
    await hub?.stop();
    home.remove();
  });

  async function start(serviceUrl: URL | null): Promise<RunningApp> {
    app = await RunningApp.start({
      home: home.path,
      boot: randomUUID(),
      clock: new FakeClock(Date.now() + 60_000),
      audit: { serviceUrl, token: 'secret', hub: 'west', image: 'lab:1', warnings: [], sites: NO_SITES }
    });
    return app;
  }
  const known = (page: Client): OutgoingKnown | null => {
    const last = page.of('outgoing/known').at(-1);
    return last ? parseParams(outgoingKnown, last.params) : null;
  };
  const last = (page: Client, what: string) => known(page)?.classes.find(row => row.what === what)?.last;
  async function passUntil(running: RunningApp, holds: () => boolean): Promise<void> {
    const endMs = performance.now() + 15_000;
    while (!holds()) {
      expect(performance.now()).toBeLessThan(endMs);
      await running.pass(1000, 1000);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  it('is the real messages, without the credential, and only what was asked for', async () => {
    const running = await start(hub?.url ?? null);
    const [page, other] = [await running.page(), await running.page()];
    page.send('outgoing/wanted', { wanted: true });
    await passUntil(running, () => last(page, 'records') != null && last(page, 'policy') != null);
    expect(known(page)?.host).toBe(hub?.url.host);
    expect(known(page)?.classes.map(({ what }) => what)).toEqual(CLASSES);
    expect(last(page, 'records')?.body).toContain('"action":"opened"');
    expect(last(page, 'records')?.head).toMatch(/^POST \/services\/labkeeper\/api\/v1\/records\n/);
    expect(last(page, 'ticket')?.head).toMatch(/^POST \S+\/api\/v1\/ticket\?hub=west\n/);
    expect(last(page, 'ticket')?.head).toContain('authorization: token …');
    expect(last(page, 'policy')?.head).toContain('image=lab%3A1');
    const heads = known(page)?.classes.map(row => row.last?.head ?? '') ?? [];
    expect(heads.join()).not.toMatch(/secret|ticket-\d/);
    // Every request that the hub saw is counted.
    const count = known(page)?.classes.reduce((sum, row) => sum + row.count, 0);
    expect(count).toBe(hub?.requests.length);
    expect(other.of('outgoing/known')).toEqual([]);
  });

  it('is nothing where no hub service is named', async () => {
    const running = await start(null);
    const page = await running.page();
    page.send('outgoing/wanted', { wanted: true });
    await passUntil(running, () => known(page) !== null);
    expect(known(page)?.host).toBeNull();
    expect(known(page)?.classes.every(({ count }) => count === 0)).toBe(true);
  });
});

/** All addresses of the hub service that the protocol has for companions; `*` stands for what differs. */
function addresses(): string[] {
  return Object.values({ ...HUB_PATHS, ...REQUEST_PATHS }).map(path =>
    typeof path === 'string' ? path : path('*')
  );
}
