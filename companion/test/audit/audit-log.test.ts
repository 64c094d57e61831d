import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IAuditHealth } from '../../src/audit/audit-log.js';
import { FakeClock } from '../fake-clock.js';
import { NO_SITES } from '../installed/watched.js';
import { RunningApp } from '../running-app.js';
import { get, scratch } from '../wire.js';
import { TestHub } from './test-hub.js';

jest.setTimeout(30_000);

describe('a companion with a hub', () => {
  const home = scratch();
  let hub: TestHub;
  beforeAll(async () => (hub = await TestHub.start()));
  afterAll(async () => {
    await hub.stop();
    home.remove();
  });

  const site = join(home.path, 'env/lib/python3.11/site-packages');

  /** Writes a complete distribution. */
  function put(name: string): void {
    const info = join(site, `${name}-1.dist-info`);
    mkdirSync(info, { recursive: true });
    writeFileSync(join(info, 'METADATA'), `Name: ${name}\nVersion: 1\n`);
    writeFileSync(join(info, 'INSTALLER'), 'pip\n');
    writeFileSync(join(info, 'RECORD'), `${name}-1.dist-info/INSTALLER,,\n`);
  }

  const health = async (app: RunningApp): Promise<IAuditHealth | null> =>
    ((await get(app.socketPath, '/health')).body as { audit: IAuditHealth | null }).audit;

  async function passUntil(app: RunningApp, holds: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = performance.now() + 20_000;
    while (!(await holds())) {
      expect(performance.now()).toBeLessThan(endMs);
      await app.pass(5000, 1000);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  it('brings an install from the disk to the hub, says how it stands, and ends its stream', async () => {
    put('one');
    const boot = randomUUID();
    const audit = {
      ...{ serviceUrl: hub.url, token: 'secret', hub: null, image: null, warnings: ['A warning.'] },
      sites: { ...NO_SITES, prefix: join(home.path, 'env'), folders: [site] }
    };
    const app = await RunningApp.start({
      home: home.path,
      boot,
      audit,
      clock: new FakeClock(Date.now() + 60_000)
    });
    const actions = (): string[] => hub.records(boot).map(line => JSON.parse(line).action);
    expect(app.logged).toContain('A warning.');
    await passUntil(app, () => actions().includes('found-on-disk'));
    put('two');
    await passUntil(app, () => actions().includes('install'));
    await passUntil(app, () => actions().includes('heartbeat'));
    expect(actions().filter(action => action !== 'heartbeat')).toEqual([
      'opened',
      'found-on-disk',
      'install'
    ]);
    await passUntil(app, async () => (await health(app))?.waiting === 0);
    expect(await health(app)).toEqual({
      ...{
        waiting: 0,
        receipt: expect.stringMatching(/^\d+-[0-9a-f]{8}$/),
        connected: true,
        installed: 2,
        error: null
      }
    });
    await app.stop('asked');
    expect(actions().at(-1)).toBe('closed');
    expect(hub.records(boot).join('')).not.toContain(home.path);
  });

  it('records nothing where it is switched off', async () => {
    const audit = {
      serviceUrl: hub.url,
      token: 'secret',
      hub: null,
      image: null,
      warnings: [],
      sites: NO_SITES
    };
    const off = await RunningApp.start({ home: home.path, audit, disabled: ['audit'] });
    expect(await health(off)).toBeNull();
    const homeless = await RunningApp.start({ audit });
    expect(await health(homeless)).toBeNull();
    await off.stop();
    await homeless.stop();
  });
});
