import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  auditRecords,
  auditState,
  parseParams,
  type AuditRecords,
  type AuditState
} from '@labkeeper/protocol';
import { FakeClock } from '../fake-clock.js';
import { NO_SITES } from '../installed/watched.js';
import { RunningApp } from '../running-app.js';
import { scratch, type Client } from '../wire.js';
import { TestHub } from './test-hub.js';

jest.setTimeout(30_000);

describe('what pages are told of the audited log', () => {
  let [home, hub] = [scratch(), null as TestHub | null];
  const apps: RunningApp[] = [];
  beforeEach(async () => {
    home = scratch();
    hub = await TestHub.start();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map(app => app.stop()));
    await hub?.stop();
    home.remove();
  });

  async function start(serviceUrl: URL | null): Promise<RunningApp> {
    const site = join(home.path, 'env/lib/python3.11/site-packages');
    const app = await RunningApp.start({
      home: home.path,
      boot: randomUUID(),
      clock: new FakeClock(Date.now() + 60_000),
      audit: {
        ...{ serviceUrl, token: 'secret', hub: null, image: null, warnings: [] },
        sites: { ...NO_SITES, prefix: join(home.path, 'env'), folders: [site] }
      }
    });
    apps.push(app);
    return app;
  }

  /** Writes a complete distribution. */
  function put(name: string): void {
    const info = join(home.path, `env/lib/python3.11/site-packages/${name}-1.dist-info`);
    mkdirSync(info, { recursive: true });
    writeFileSync(join(info, 'METADATA'), `Name: ${name}\nVersion: 1\n`);
    writeFileSync(join(info, 'INSTALLER'), 'pip\n');
    writeFileSync(join(info, 'RECORD'), `${name}-1.dist-info/INSTALLER,,\n`);
  }

  const state = (page: Client): AuditState | null => {
    const last = page.of('audit/state').at(-1);
    return last ? parseParams(auditState, last.params) : null;
  };
  const list = (page: Client): AuditRecords | null => {
    const last = page.of('audit/records').at(-1);
    return last ? parseParams(auditRecords, last.params) : null;
  };
  const names = (page: Client): string[] =>
    (list(page)?.records ?? []).flatMap(record => (record.package ? [record.package.name] : []));
  const asked = (): number => hub?.requests.filter(line => line.startsWith('GET api/v1/own')).length ?? 0;

  async function passUntil(app: RunningApp, holds: () => boolean, stepMs = 1000): Promise<void> {
    const endMs = performance.now() + 20_000;
    while (!holds()) {
      expect(performance.now()).toBeLessThan(endMs);
      await app.pass(stepMs, stepMs);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  it('tells every page how the log stands, and nobody what is on record who does not look', async () => {
    put('one');
    const app = await start(hub?.url ?? null);
    const page = await app.page();
    await passUntil(app, () => state(page)?.waiting === 0 && state(page)?.receipt !== null);
    expect(state(page)).toMatchObject({
      mode: 'hub',
      problem: null,
      receipt: { short: expect.stringMatching(/^\d+-[0-9a-f]{8}$/), atMs: 1 },
      connectedSinceMs: expect.any(Number)
    });
    await app.pass(60_000, 1000);
    expect(page.of('audit/records')).toEqual([]);
    expect(asked()).toBe(0);
  });

  it('lists what is found and installed, with receipt and place, as long as a page looks', async () => {
    put('one');
    const app = await start(hub?.url ?? null);
    const page = await app.page();
    page.send('audit/wanted', { wanted: true });
    // Place, receipt and state come from three answers, in any order.
    const isComplete = (): boolean => {
      const [newest] = list(page)?.records ?? [];
      return (
        newest?.index != null && newest.receipt !== null && newest.receipt === state(page)?.receipt?.short
      );
    };
    await passUntil(app, () => isComplete() && names(page).includes('one'));
    expect(list(page)).toMatchObject({ hub: 'read', failure: null, isCut: false });
    expect(list(page)?.records[0]).toMatchObject({
      action: 'found-on-disk',
      package: { name: 'one', version: '1' },
      tool: 'pip',
      environment: { path: join(home.path, 'env') },
      place: 'hub',
      receipt: state(page)?.receipt?.short
    });
    put('two');
    await passUntil(app, () => names(page).includes('two'));
    await passUntil(app, () => list(page)?.records[0]?.index != null);
    expect(list(page)?.records[0]).toMatchObject({
      action: 'install',
      package: { name: 'two' },
      place: 'hub'
    });
    expect(new Set(list(page)?.records.map(({ id }) => id)).size).toBe(list(page)?.records.length);
    page.send('audit/wanted', { wanted: false });
    await app.pass(2000, 100);
    const before = [page.of('audit/records').length, asked()];
    put('three');
    await passUntil(app, () => hub?.all().some(line => line.includes('"three"')) ?? false);
    await app.pass(30_000, 1000);
    expect([page.of('audit/records').length, asked()]).toEqual(before);
  });

  it('knows the receipts of earlier companions, and reads a long list page by page', async () => {
    for (let at = 0; at < 200; at += 1) {
      put(`p${at}`);
    }
    const earlier = await start(hub?.url ?? null);
    await passUntil(earlier, () => (hub?.all().length ?? 0) >= 201, 5000);
    await apps.splice(0)[0]?.stop('asked');
    const records = hub?.all().length;
    const app = await start(hub?.url ?? null);
    const page = await app.page();
    page.send('audit/wanted', { wanted: true });
    await passUntil(app, () => list(page)?.hub === 'read');
    await passUntil(app, () => (list(page)?.records[0]?.index ?? 0) >= (records ?? Infinity));
    await passUntil(app, () => list(page)?.records.every(({ receipt }) => receipt !== null) ?? false);
    const { records: listed = [], isCut } = list(page) ?? {};
    expect([listed.length, isCut]).toEqual([150, true]);
    expect(listed.filter(({ receipt }) => receipt === null)).toEqual([]);
    expect(new Set(listed.map(({ receipt }) => receipt)).size).toBe(2);
    expect(listed.filter(({ action }) => action === 'found-on-disk').length).toBeGreaterThan(140);
    expect(new Set(listed.map(({ id }) => id)).size).toBe(150);
    const before = asked();
    put('late');
    await passUntil(app, () => list(page)?.records[0]?.package?.name === 'late');
    await passUntil(app, () => list(page)?.records[0]?.index != null);
    // What is known is not read again.
    expect(asked() - before).toBeLessThanOrEqual(2);
  });

  it('asks the hub at most every ten seconds, however much happens', async () => {
    const app = await start(hub?.url ?? null);
    const page = await app.page();
    page.send('audit/wanted', { wanted: true });
    await passUntil(app, () => list(page)?.hub === 'read');
    const before = asked();
    for (let second = 0; second < 30; second += 1) {
      put(`p${second}`);
      await app.pass(1000, 250);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    expect(asked() - before).toBeLessThanOrEqual(4);
  });

  it('goes on listing what is on this server while the hub is away, and says which it is', async () => {
    const app = await start(new URL('http://127.0.0.1:1/services/labkeeper/'));
    const page = await app.page();
    page.send('audit/wanted', { wanted: true });
    put('one');
    await passUntil(app, () => names(page).includes('one') && list(page)?.hub === 'failed');
    await passUntil(app, () => state(page)?.problem != null);
    expect(list(page)?.failure).toMatch(/^The hub service cannot be reached: .*\.$/);
    expect(list(page)?.records.find(({ package: known }) => known?.name === 'one')).toMatchObject({
      place: 'server',
      receipt: null
    });
    expect(state(page)).toMatchObject({ mode: 'hub', problem: { kind: 'hub' }, connectedSinceMs: null });
    expect(state(page)?.waiting).toBeGreaterThan(0);
  });

  it('says that records stay here where there is no hub, and that there are none where nothing is kept', async () => {
    put('one');
    const app = await start(null);
    const page = await app.page();
    page.send('audit/wanted', { wanted: true });
    await passUntil(app, () => names(page).includes('one'));
    expect(state(page)?.mode).toBe('server');
    expect(list(page)?.hub).toBe('none');
    const off = await RunningApp.start({});
    apps.push(off);
    const other = await off.page();
    await other.next('audit/state');
    expect(state(other)).toMatchObject({ mode: 'off', waiting: 0 });
    other.send('audit/wanted', { wanted: true });
    await off.pass(5000, 1000);
    expect(other.of('audit/records')).toEqual([]);
  });

  it('stops reading when the last page that looked is gone', async () => {
    const app = await start(hub?.url ?? null);
    const page = await app.page();
    page.send('audit/wanted', { wanted: true });
    await passUntil(app, () => list(page)?.hub === 'read');
    await page.close();
    await app.pass(1000, 100);
    const before = asked();
    put('one');
    await passUntil(app, () => hub?.all().some(line => line.includes('"one"')) ?? false);
    await app.pass(30_000, 1000);
    expect(asked()).toBe(before);
  });
});
