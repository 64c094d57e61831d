import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestHub } from '../audit/test-hub.js';
import { HubAndHome } from '../hub-and-home.js';
import { NO_SITES } from '../installed/watched.js';
import type { RunningApp } from '../running-app.js';
import { get } from '../wire.js';

jest.setTimeout(60_000);

/** What is asked of health here. */
interface IHealth {
  readonly disabled: readonly string[];
  readonly policy: { readonly connected: boolean } | null;
}

describe('parts that policy switches', () => {
  let site = '';
  let scene: HubAndHome;
  let hub: TestHub;
  let app: RunningApp;
  const boot = randomUUID();

  beforeEach(async () => {
    scene = await HubAndHome.make();
    ({ hub } = scene);
    site = join(scene.home.path, 'env/lib/python3.11/site-packages');
    mkdirSync(site, { recursive: true });
    app = await scene.start(
      { boot, disabled: ['notices'] },
      { ...NO_SITES, prefix: join(scene.home.path, 'env'), python: '3.11', folders: [site] }
    );
  });
  afterEach(() => scene.remove());

  function install(name: string): void {
    const info = join(site, `${name}-1.dist-info`);
    mkdirSync(info);
    writeFileSync(join(info, 'METADATA'), `Metadata-Version: 2.1\nName: ${name}\nVersion: 1\n`);
    writeFileSync(join(info, 'RECORD'), `${name}-1.dist-info/METADATA,,\n`);
  }
  const health = async (): Promise<IHealth> => (await get(app.socketPath, '/health')).body as IHealth;
  const told = (): string[] =>
    hub.records(boot).map(line => {
      const { action, gap, package: found } = JSON.parse(line);
      return gap?.cause ?? (found ? `${action} ${found.name}` : action);
    });
  const until = (holds: () => boolean | Promise<boolean>): Promise<void> => scene.until(app, holds);

  it('are told to pages by a new hello, and what the container switched off stays off', async () => {
    const page = await app.page();
    await until(async () => (await health()).policy?.connected === true);
    hub.off = ['meter', 'save-guard', 'notices', 'tiers'];
    await until(async () => (await health()).disabled.includes('meter'));
    expect((await health()).disabled).toEqual(['notices', 'meter', 'save-guard']);
    const hello = (): unknown => page.of('hello').at(-1)?.params['disabled'];
    await until(() => JSON.stringify(hello()) === '["notices","meter","save-guard"]');
    expect(app.logged).toContain("The hub's policy switched meter off: Tried out.");

    const samples = page.of('usage/sample').length;
    await app.pass(5000);
    expect(page.of('usage/sample')).toHaveLength(samples);

    hub.off = [];
    await until(async () => !(await health()).disabled.includes('meter'));
    await until(() => JSON.stringify(hello()) === '["notices"]' && page.of('usage/sample').length > samples);
  });

  it('keep the last policy while the hub is gone', async () => {
    hub.off = ['meter'];
    await until(async () => (await health()).disabled.includes('meter'));
    scene.hubStops();
    await until(async () => (await health()).policy?.connected === false);
    await app.pass(120_000, 1000);
    expect((await health()).disabled).toEqual(['notices', 'meter']);
  });

  it('leave gaps in the log where recording was off', async () => {
    install('one');
    await until(() => told().includes('found-on-disk one'));
    hub.off = ['audit'];
    await until(() => told().includes('switched-off'));
    install('two');
    await app.pass(200_000, 1000);
    expect(told().join()).not.toContain('two');
    hub.off = [];
    await until(() => told().join().includes('two'));
    expect(told().filter(action => action !== 'heartbeat')).toEqual([
      ...['opened', 'found-on-disk one', 'switched-off', 'switched-off'],
      expect.stringContaining(' two')
    ]);
  });
});
