import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { FakeClock } from '../fake-clock.js';
import { failing, SPOILS } from '../audit/spoil.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { Watched } from './watched.js';

jest.setTimeout(30_000);

describe('what is installed', () => {
  let folder = scratch();
  const watches: Watched[] = [];
  beforeEach(() => (folder = scratch()));
  afterEach(() => {
    watches.splice(0).forEach(({ watch }) => watch.dispose());
    folder.remove();
  });

  const site = (): string => join(folder.path, 'env/lib/python3.11/site-packages');
  const infoOf = (name: string, version: string): string => join(site(), `${name}-${version}.dist-info`);

  /** Writes a distribution as uv does: everything, and RECORD in place at the end. */
  function put(
    name: string,
    version: string,
    more: { installer?: string | null; directUrl?: string } = {}
  ): void {
    const { installer = 'uv', directUrl } = more;
    const info = infoOf(name, version);
    mkdirSync(info, { recursive: true });
    writeFileSync(join(info, 'RECORD'), `${name}/__init__.py,,\n`);
    writeFileSync(join(info, 'METADATA'), `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`);
    writeFileSync(join(info, 'REQUESTED'), '');
    if (directUrl !== undefined) {
      writeFileSync(join(info, 'direct_url.json'), JSON.stringify({ url: directUrl }));
    }
    if (installer !== null) {
      writeFileSync(join(info, 'INSTALLER'), installer);
      const lines = ['__init__.py', 'METADATA', 'INSTALLER'].map(
        file => `${name}-${version}.dist-info/${file},,\n`
      );
      writeFileSync(join(info, 'RECORD'), lines.join(''));
    }
  }

  async function watch(clock?: FakeClock): Promise<Watched> {
    const watched = new Watched(
      folder.path,
      { prefix: join(folder.path, 'env'), python: '3.11', folders: [site()] },
      clock
    );
    watches.push(watched);
    return watched.start();
  }

  /** Lets the fake clock run, with time for the disk in between, until something holds. */
  async function run(clock: FakeClock, stepMs: number, holds: () => boolean): Promise<void> {
    await until(() => {
      clock.advance(stepMs);
      return holds();
    });
  }

  /** Whether what was recorded about a distribution is known on the disk. */
  function keeps(watched: Watched, name: string): boolean {
    const path = join(watched.disk.folder, 'installed.json');
    return existsSync(path) && readFileSync(path, 'utf8').includes(`"name":"${name}"`);
  }

  it('by uv has no "asked for", and where it came from without a password', async () => {
    put('one', '1.0', { directUrl: 'https://ada:secret@example.org/one-1.0-py3-none-any.whl' });
    const clock = new FakeClock(Date.now() + 60_000);
    const watched = await watch(clock);
    await run(clock, 100, () => keeps(watched, 'one'));
    expect(watched.events[0]).toMatchObject({
      action: 'found-on-disk',
      environment: { kind: 'system', python: '3.11' },
      package: { name: 'one', requested: null, installer: 'uv', files: 3, origin: 'direct' },
      personal: { directUrl: 'https://***@example.org/one-1.0-py3-none-any.whl' }
    });
    expect(readFileSync(join(watched.disk.folder, 'installed.json'), 'utf8')).not.toContain('secret');
  });

  it('is not told while it is being written', async () => {
    mkdirSync(site(), { recursive: true });
    const watched = await watch();
    await until(() => existsSync(join(watched.disk.folder, 'installed.json')));
    put('slow', '1', { installer: null });
    await new Promise(resolve => setTimeout(resolve, 1500));
    expect(watched.told).toEqual([]);
    put('slow', '1');
    await until(() => watched.told.length === 1);
    expect(watched.told).toEqual(['install slow 1']);
  });

  it('is told once, whatever the clock does, and also where nothing is heard of it', async () => {
    const clock = new FakeClock(Date.now());
    // Not there yet, so it cannot be watched either.
    const watched = await watch(clock);
    await run(clock, 100, () => existsSync(join(watched.disk.folder, 'installed.json')));
    put('late', '1');
    await run(clock, 1000, () => watched.told.length > 0);
    await run(clock, 1000, () => clock.monotonicMs() > 600_000);
    expect(watched.told).toEqual(['install late 1']);
  });

  it('is told later where it cannot be recorded now', async () => {
    put('one', '1');
    const clock = new FakeClock(Date.now() + 60_000);
    const watched = await watch(clock);
    watched.answer = 'failed';
    await run(clock, 1000, () => watched.asked > 2);
    watched.answer = 'recorded';
    await run(clock, 1000, () => watched.told.length > 0);
    expect(watched.told).toEqual(['found-on-disk one 1']);
  });

  it('is as it was where its folder cannot be read, and nothing waits in a pipe', async () => {
    put('one', '1');
    const clock = new FakeClock(Date.now() + 60_000);
    const watched = await watch(clock);
    await run(clock, 1000, () => watched.told.length === 1);
    put('two', '1');
    rmSync(join(infoOf('two', '1'), 'METADATA'));
    execFileSync('mkfifo', [join(infoOf('two', '1'), 'METADATA')]);
    symlinkSync('/nonexistent', join(site(), 'broken-1.dist-info'));
    mkdirSync(join(site(), 'empty-1.dist-info'));
    await run(clock, 1000, () => watched.told.length === 2);
    renameSync(site(), `${site()}.away`);
    writeFileSync(site(), 'a file');
    await run(clock, 1000, () => watched.told.length === 4);
    expect(watched.told.slice(2).sort()).toEqual(['remove one 1', 'remove two 1']);
    expect(watched.logged).toEqual([]);
  });

  it.each(['', '{"version":1', '{"version":9}', '[]', '{"version":1,"salt":"x","sites":[{"site":{}}]}'])(
    'is recorded anew, with a gap, where what was known is damaged: %s',
    async text => {
      put('one', '1');
      const clock = new FakeClock(Date.now() + 60_000);
      const before = await watch(clock);
      await run(clock, 1000, () => keeps(before, 'one'));
      before.watch.dispose();
      writeFileSync(join(before.disk.folder, 'installed.json'), text);
      const after = await watch(clock);
      await run(clock, 1000, () => after.told.length === 1);
      expect(after.told).toEqual(['found-on-disk one 1']);
      expect(after.forgot).toBe(1);
    }
  );

  it.each(SPOILS)('is recorded anew, with a gap, where the list of it is %s', async (_what, spoil) => {
    put('one', '1');
    const clock = new FakeClock(Date.now() + 60_000);
    const before = await watch(clock);
    await run(clock, 1000, () => keeps(before, 'one'));
    before.watch.dispose();
    spoil(before.disk, 'installed.json');
    const after = before.again(clock);
    watches.push(after);
    await after.start();
    await run(clock, 1000, () => after.told.length === 1);
    // It goes on also where that list cannot be kept.
    put('two', '1');
    await run(clock, 1000, () => after.told.length === 2);
    expect(after.told).toEqual(['found-on-disk one 1', 'install two 1']);
    expect(after.forgot).toBe(1);
    expect(after.logged.length).toBeLessThanOrEqual(1);
  });

  it('waits where the list of it cannot be read for a while', async () => {
    put('one', '1');
    const clock = new FakeClock(Date.now() + 60_000);
    const before = await watch(clock);
    await run(clock, 1000, () => keeps(before, 'one'));
    before.watch.dispose();
    const mend = failing(before.disk, 'installed.json', 'EIO');
    const after = before.again(clock);
    watches.push(after);
    await after.start();
    await run(clock, 1000, () => after.logged.length === 1);
    mend();
    put('two', '1');
    await run(clock, 1000, () => after.told.length === 1);
    expect(after.told).toEqual(['install two 1']);
    expect(after.forgot).toBe(0);
  });

  it('of hundreds is told in one look, and costs next to nothing after that', async () => {
    for (let number = 0; number < 500; number += 1) {
      put(`package${number}`, '1');
    }
    const clock = new FakeClock(Date.now() + 60_000);
    const watched = await watch(clock);
    await run(clock, 1000, () => watched.told.length === 500);
    expect(watched.asked).toBe(3);
    expect(watched.watch.count).toBe(500);
    const path = join(watched.disk.folder, 'installed.json');
    await run(clock, 100, () => keeps(watched, 'package499'));
    const { mtimeMs } = statSync(path);
    await run(clock, 5000, () => clock.monotonicMs() > 400_000);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
  });
});
