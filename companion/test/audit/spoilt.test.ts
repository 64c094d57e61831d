import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { readAll, SOMETHING, SpoolScene } from './scene.js';
import { failing, SPOILS, toFolder, toLink } from './spoil.js';

describe('the spool goes on whatever somebody makes of its files', () => {
  let home = scratch();
  beforeEach(() => (home = scratch()));
  afterEach(() => home.remove());

  /** A companion that recorded something and was killed. */
  async function killed(serverId = 'old'): Promise<SpoolScene> {
    const scene = new SpoolScene(home.path, { serverId });
    await scene.spool.start();
    await scene.spool.record([SOMETHING]);
    await scene.spool.close(false);
    return scene;
  }

  /** The next one. Another companion lives, so that it looks again each minute. */
  function next(): { scene: SpoolScene; clock: FakeClock } {
    const clock = new FakeClock(Date.now());
    const serverLives = (id: string): boolean => id === 'elsewhere';
    const scene = new SpoolScene(home.path, { clock, serverLives, serverId: randomUUID() });
    mkdirSync(scene.disk.folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(scene.disk.folder, `${randomUUID()}.life`), JSON.stringify({ serverId: 'elsewhere' }));
    return { scene, clock };
  }

  async function minutes(clock: FakeClock, count: number): Promise<void> {
    for (let minute = 0; minute < count; minute += 1) {
      clock.advance(60_000);
      await pause(60);
    }
  }

  const fileOf = ({ boot }: SpoolScene): string => `${boot}.0.audit`;
  const pathOf = (scene: SpoolScene, name = fileOf(scene)): string => join(scene.disk.folder, name);
  const asides = (scene: SpoolScene): number =>
    readdirSync(scene.disk.folder).filter(name => name.endsWith('.aside')).length;

  it.each(SPOILS)('where the sign of life of an earlier one is %s', async (_what, spoil) => {
    const old = await killed();
    const { scene } = next();
    spoil(scene.disk, `${old.boot}.life`);
    await scene.spool.start();
    expect(scene.spool.earlier.waiting.map(({ boot }) => boot)).toEqual([old.boot]);
    expect(await scene.told()).toEqual(['opened']);
    await scene.spool.close(false);
  });

  it('and takes no stream while the disk fails to say whether its companion lives', async () => {
    const old = await killed();
    const { scene, clock } = next();
    const mend = failing(scene.disk, `${old.boot}.life`, 'EIO');
    await scene.spool.start();
    expect(scene.spool.earlier.waiting).toEqual([]);
    mend();
    await minutes(clock, 1);
    await until(() => scene.spool.earlier.waiting.length === 1);
    await scene.spool.close(false);
  });

  it.each(SPOILS)('where its own sign of life is %s', async (_what, spoil) => {
    const { scene, clock } = next();
    await scene.spool.start();
    spoil(scene.disk, `${scene.boot}.life`);
    const old = await killed();
    await minutes(clock, 1);
    await until(() => scene.spool.earlier.waiting.length === 1);
    expect(scene.spool.earlier.waiting[0]?.boot).toBe(old.boot);
    expect(await scene.spool.record([SOMETHING])).toBe('recorded');
    await scene.spool.close(true);
  });

  it('where its own sign of life was removed, which is made again', async () => {
    const { scene, clock } = next();
    await scene.spool.start();
    rmSync(pathOf(scene, `${scene.boot}.life`));
    await minutes(clock, 1);
    await until(() => existsSync(pathOf(scene, `${scene.boot}.life`)));
    await scene.spool.close(true);
  });

  it.each(SPOILS)('where something that was set aside is %s', async (_what, spoil) => {
    const old = await killed();
    const { scene } = next();
    writeFileSync(pathOf(scene, 'x.aside'), '');
    spoil(scene.disk, 'x.aside');
    await scene.spool.start();
    expect(scene.spool.earlier.waiting.map(({ boot }) => boot)).toEqual([old.boot]);
    expect(scene.logged).toEqual([]);
    await scene.spool.close(false);
  });

  it.each(SPOILS)('and tells once of an earlier stream whose only file is %s', async (_what, spoil) => {
    const old = await killed();
    const { scene, clock } = next();
    spoil(scene.disk, fileOf(old));
    await scene.spool.start();
    await minutes(clock, 3);
    expect(await scene.told()).toEqual(['opened', 'companion-down', 'spool-lost']);
    expect(scene.logged).toEqual([]);
    expect(asides(scene)).toBe(1);
    await scene.spool.close(true);
    const third = next().scene;
    await third.spool.start();
    expect(await third.told()).toEqual(['opened']);
    await third.spool.close(true);
  });

  it('and tells nothing of one that cannot be read for a while', async () => {
    const old = await killed();
    const { scene, clock } = next();
    const mend = failing(scene.disk, fileOf(old), 'EIO');
    await scene.spool.start();
    await minutes(clock, 3);
    expect(await scene.told()).toEqual(['opened', 'companion-down']);
    expect(scene.logged).toHaveLength(1);
    mend();
    await minutes(clock, 1);
    await until(() => scene.spool.earlier.waiting.length === 1);
    expect(await scene.told()).toEqual(['opened', 'companion-down']);
    await scene.spool.close(false);
  });

  it('and tells once of a stream whose first file is lost and whose second cannot be sent for that', async () => {
    const old = await killed();
    await old.spool.record([SOMETHING]);
    await old.spool.close(false);
    expect(existsSync(pathOf(old, `${old.boot}.1.audit`))).toBe(true);
    const { scene } = next();
    toLink(scene.disk, fileOf(old));
    await scene.spool.start();
    const [stream] = scene.spool.earlier.waiting;
    expect(stream?.boot).toBe(old.boot);
    await scene.spool.giveUp(stream ?? scene.spool.own, null, true);
    expect(await scene.told()).toEqual(['opened', 'companion-down', 'spool-lost']);
    expect(asides(scene)).toBe(2);
    await scene.spool.close(false);
  });

  it.each([
    ['for a while', 1],
    ['for ever', Infinity]
  ])('and tells once of a stream that it gives up and cannot set aside %s', async (_what, minutesLong) => {
    await killed();
    const { scene, clock } = next();
    await scene.spool.start();
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    const hindered = jest.spyOn(scene.disk, 'rename').mockRejectedValue(denied);
    const [stream] = scene.spool.earlier.waiting;
    await scene.spool.giveUp(stream ?? scene.spool.own, 7);
    const gap = (await readAll(scene.spool)).at(-1)?.gap;
    expect(gap).toMatchObject({ cause: 'spool-lost', count: 7 });
    await minutes(clock, 2);
    if (minutesLong === 1) {
      hindered.mockRestore();
      await minutes(clock, 1);
      await until(() => asides(scene) === 1);
    }
    await minutes(clock, 1);
    expect(await scene.told()).toEqual(['opened', 'companion-down', 'spool-lost']);
    expect(scene.spool.earlier.waiting).toEqual([]);
    expect(scene.logged).toHaveLength(1);
    await scene.spool.close(false);
  });

  it('and tells nothing of a stream that the hub has whole where its file is a folder', async () => {
    const old = await killed();
    const { scene } = next();
    await scene.spool.start();
    toFolder(scene.disk, fileOf(old));
    const [stream] = scene.spool.earlier.waiting;
    await scene.spool.acknowledged(stream ?? scene.spool.own, old.spool.own.head.seq);
    expect(scene.spool.earlier.waiting).toEqual([]);
    await scene.spool.close(true);
    const third = next().scene;
    await third.spool.start();
    expect(await third.told()).toEqual(['opened']);
    await third.spool.close(true);
  });

  it('and sets a stream aside under another name where the first is taken', async () => {
    const old = await killed();
    const { scene } = next();
    await scene.spool.start();
    mkdirSync(pathOf(scene, `${fileOf(old)}.aside/x`), { recursive: true });
    const [stream] = scene.spool.earlier.waiting;
    await scene.spool.giveUp(stream ?? scene.spool.own, 7);
    expect(asides(scene)).toBe(2);
    expect(existsSync(pathOf(scene, fileOf(old)))).toBe(false);
    await scene.spool.close(false);
  });

  it('and forgets a stream without records before it removes its file', async () => {
    const old = await killed();
    truncateSync(pathOf(old), 5);
    const { scene } = next();
    const note = join(scene.noted.folder, `${old.boot}.stream`);
    const wasNoted: boolean[] = [];
    const remove = scene.disk.remove.bind(scene.disk);
    jest.spyOn(scene.disk, 'remove').mockImplementation(name => {
      wasNoted.push(...(name === fileOf(old) ? [existsSync(note)] : []));
      return remove(name);
    });
    await scene.spool.start();
    expect(wasNoted).toEqual([false]);
    expect(await scene.told()).toEqual(['opened', 'companion-down']);
    await scene.spool.close(false);
  });

  it.each(['audit', 'life'])('and ends all the same where a file cannot be closed: %s', async kind => {
    const { scene } = next();
    const create = scene.disk.create.bind(scene.disk);
    jest.spyOn(scene.disk, 'create').mockImplementation(async name => {
      const file = await create(name);
      const close = async (): Promise<void> => {
        await file.close();
        throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
      };
      return {
        append: bytes => file.append(bytes),
        touch: wallMs => file.touch(wallMs),
        close: name.endsWith(kind) ? close : () => file.close()
      };
    });
    await scene.spool.start();
    await scene.spool.close(true);
    expect(await scene.told()).toEqual(['opened', 'closed']);
    expect(scene.logged).toEqual(['A file of the audited log cannot be closed: EIO: i/o error']);
  });

  const changes: [string, (scene: SpoolScene) => void][] = [
    ['a link', scene => toLink(scene.disk, fileOf(scene))],
    ['a folder', scene => toFolder(scene.disk, fileOf(scene))],
    ['cut', scene => truncateSync(pathOf(scene))],
    [
      'an older copy',
      scene => {
        const path = pathOf(scene);
        copyFileSync(path, `${path}.copy`);
        truncateSync(`${path}.copy`, 100);
        renameSync(`${path}.copy`, path);
      }
    ]
  ];
  it.each(changes)(
    'and begins another stream where the file that is written to is %s',
    async (_what, change) => {
      const { scene, clock } = next();
      await scene.spool.start();
      await scene.spool.record([SOMETHING]);
      change(scene);
      await minutes(clock, 1);
      await until(() => scene.spool.own.boot !== scene.boot && scene.spool.own.head.seq === 2);
      await minutes(clock, 2);
      expect(await scene.told()).toEqual(['opened', 'spool-lost']);
      expect(await scene.spool.record([SOMETHING])).toBe('recorded');
      await scene.spool.close(true);
    }
  );

  it('and tells of its own stream once where two find at the same time that it is lost', async () => {
    const { scene } = next();
    await scene.spool.start();
    const { own } = scene.spool;
    await Promise.all([scene.spool.giveUp(own, 1), scene.spool.giveUp(own, 1, true)]);
    expect(await scene.told()).toEqual(['opened', 'spool-lost']);
    await scene.spool.close(false);
  });

  it('and says so where something else is in the place of its folder, and goes on when that is away', async () => {
    const { scene, clock } = next();
    const { folder } = scene.disk;
    await scene.spool.start();
    renameSync(folder, `${folder}-away`);
    symlinkSync(folder, folder);
    await minutes(clock, 1);
    expect(await scene.spool.record([SOMETHING])).toBe('failed');
    expect(scene.spool.trouble).toContain('cannot be recorded');
    rmSync(folder);
    renameSync(`${folder}-away`, folder);
    expect(await scene.spool.record([SOMETHING])).toBe('recorded');
    expect(await scene.told()).toEqual(['opened', 'heartbeat']);
    await scene.spool.close(true);
  });
});
