import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { HomeDisk, IJournalFile } from '../../src/journal/journal-disk.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { SOMETHING, SpoolScene } from './scene.js';

const REFUSED = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });

describe('the notes of which streams were begun', () => {
  let home = scratch();
  beforeEach(() => (home = scratch()));
  afterEach(() => home.remove());

  /** A companion that recorded something and was killed. */
  async function killed(): Promise<SpoolScene> {
    const scene = new SpoolScene(home.path, { serverId: 'old' });
    await scene.spool.start();
    await scene.spool.record([SOMETHING]);
    await scene.spool.close(false);
    return scene;
  }

  /** What the next companion tells. */
  async function toldNext(): Promise<string[]> {
    const next = new SpoolScene(home.path, { serverId: randomUUID() });
    await next.spool.start();
    const told = await next.told();
    await next.spool.close(false);
    return told;
  }

  /** Somebody writes notes of streams that there never were. */
  function forge({ noted }: SpoolScene, count: number): void {
    mkdirSync(noted.folder, { recursive: true, mode: 0o700 });
    for (let index = 0; index < count; index += 1) {
      writeFileSync(
        join(noted.folder, `${randomUUID()}.stream`),
        JSON.stringify({ serverId: 'x', openedAtMs: 1e308 })
      );
    }
  }

  it.each([
    ['cannot be removed', () => Promise.reject(REFUSED)],
    ['comes back by itself', () => Promise.resolve()]
  ])('tell of a forged one once where it %s', async (_what, remove) => {
    const clock = new FakeClock(Date.now());
    const old = await killed();
    const scene = new SpoolScene(home.path, {
      clock,
      serverId: 'new',
      serverLives: id => id === 'elsewhere'
    });
    forge(scene, 3);
    // Another companion lives, so it is looked again each minute.
    writeFileSync(join(scene.disk.folder, `${randomUUID()}.life`), JSON.stringify({ serverId: 'elsewhere' }));
    jest.spyOn(scene.noted, 'remove').mockImplementation(remove);
    await scene.spool.start();
    const expected = ['opened', 'companion-down', 'spool-lost', 'spool-lost', 'spool-lost'];
    expect(await scene.told()).toEqual(expected);
    const looked = jest.spyOn(scene.noted, 'names');
    await until(() => {
      clock.advance(60_000);
      return looked.mock.calls.length > 3;
    });
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(await scene.told()).toEqual(expected);
    // A stream that is sent is not lost either, though its note stays.
    const [stream] = scene.spool.earlier.waiting;
    expect(stream?.boot).toBe(old.boot);
    if (stream) {
      await scene.spool.acknowledged(stream, stream.head.seq);
    }
    clock.advance(60_000);
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(await scene.told()).toEqual(expected);
    expect(scene.logged.length).toBeLessThanOrEqual(1);
    await scene.spool.close(false);
  });

  it('do not tell each minute of a time without a companion where that one cannot be forgotten', async () => {
    const clock = new FakeClock(Date.now());
    await killed();
    const scene = new SpoolScene(home.path, { clock });
    jest.spyOn(scene.disk, 'remove').mockRejectedValue(REFUSED);
    await scene.spool.start();
    for (let minute = 1; minute <= 3; minute += 1) {
      clock.advance(60_000);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    expect(await scene.told()).toEqual(['opened', 'companion-down']);
    expect(scene.logged).toHaveLength(1);
    await scene.spool.close(false);
  });

  it('tell of a lost stream once where the disk did not take it at first', async () => {
    const clock = new FakeClock(Date.now());
    const scene = new SpoolScene(home.path, {
      clock,
      serverId: 'new',
      serverLives: id => id === 'elsewhere'
    });
    forge(scene, 1);
    mkdirSync(scene.disk.folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(scene.disk.folder, `${randomUUID()}.life`), JSON.stringify({ serverId: 'elsewhere' }));
    const create = scene.disk.create.bind(scene.disk);
    const full = jest
      .spyOn(scene.disk, 'create')
      .mockImplementation(name => (name.endsWith('.audit') ? Promise.reject(REFUSED) : create(name)));
    await scene.spool.start();
    for (let minute = 1; minute <= 3; minute += 1) {
      clock.advance(60_000);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    full.mockRestore();
    expect(await scene.spool.record([SOMETHING])).toBe('recorded');
    expect(await scene.told()).toEqual(['opened', 'spool-lost', 'heartbeat']);
    await scene.spool.close(true);
    expect(await toldNext()).toEqual(['opened']);
  });

  const folders: [string, (folder: string) => void][] = [
    ['a link to itself among them', folder => symlinkSync('x', join(folder, 'x'))],
    ['a file in the place of their folder', folder => replace(folder, () => writeFileSync(folder, ''))],
    [
      'a link that leads round in the place of it',
      folder => replace(folder, () => symlinkSync(folder, folder))
    ],
    [
      'a link to another folder in the place of it',
      folder => replace(folder, () => symlinkSync('/', folder))
    ],
    ['a folder in the place of one', folder => mkdirSync(join(folder, `${randomUUID()}.stream`))],
    ['nothing at all', folder => replace(dirname(folder), () => undefined)],
    [
      'a link in the place of one',
      folder => {
        const name = `${randomUUID()}.stream`;
        symlinkSync(name, join(folder, name));
      }
    ],
    ['one that is no note', folder => writeFileSync(join(folder, `${randomUUID()}.stream`), '['.repeat(4000))]
  ];
  function replace(path: string, by: () => void): void {
    rmSync(path, { recursive: true });
    by();
  }

  it.each(folders)(
    'stop neither recording nor finding what was left where there is %s',
    async (_what, spoil) => {
      const old = await killed();
      spoil(old.noted.folder);
      const clock = new FakeClock(Date.now());
      const scene = new SpoolScene(home.path, { clock });
      await scene.spool.start();
      expect(await scene.spool.record([SOMETHING])).toBe('recorded');
      expect(scene.spool.earlier.waiting.map(({ boot }) => boot)).toEqual([old.boot]);
      expect(await scene.told()).toEqual(['opened', 'companion-down', 'heartbeat']);
      clock.advance(60_000);
      await scene.spool.acknowledged(
        scene.spool.earlier.waiting[0] ?? scene.spool.own,
        old.spool.own.head.seq
      );
      expect(scene.spool.earlier.waiting).toEqual([]);
      expect(scene.logged.length).toBeLessThanOrEqual(1);
      await scene.spool.close(true);
      await scene.spool.acknowledged(scene.spool.own, scene.spool.own.head.seq);
      expect(readdirSync(scene.disk.folder).filter(name => name.endsWith('.audit'))).toEqual([]);
    }
  );

  it('are read up to a bound, so that recording begins however many there are', async () => {
    const scene = new SpoolScene(home.path);
    forge(scene, 1);
    const [one = ''] = readdirSync(scene.noted.folder);
    for (let index = 0; index < 3000; index += 1) {
      linkSync(join(scene.noted.folder, one), join(scene.noted.folder, `${randomUUID()}.stream`));
    }
    const read = jest.spyOn(scene.noted, 'read');
    await scene.spool.start();
    expect((await scene.told()).length).toBeLessThanOrEqual(33);
    expect(read.mock.calls.length).toBeLessThanOrEqual(2000);
    await scene.spool.close(false);
  });

  it('do not take for lost what a companion of the same server just brought to the hub', async () => {
    const old = new SpoolScene(home.path);
    await old.spool.start();
    await old.spool.close(true);
    const next = new SpoolScene(home.path);
    const names = next.disk.names.bind(next.disk);
    let looks = 0;
    jest.spyOn(next.disk, 'names').mockImplementation(async () => {
      looks += 1;
      if (looks === 2) {
        // Its last acknowledgement comes when the notes were read, and its files were not yet looked for.
        await old.spool.acknowledged(old.spool.own, old.spool.own.head.seq);
      }
      return names();
    });
    await next.spool.start();
    expect(looks).toBeGreaterThan(1);
    expect(await next.told()).toEqual(['opened', 'companion-down']);
    await next.spool.close(false);
  });

  describe('of a stream that the hub has whole', () => {
    it.each([true, false])('are gone after the end (in order: %s)', async orderly => {
      const { spool } = new SpoolScene(home.path);
      await spool.start();
      await spool.close(orderly);
      await spool.acknowledged(spool.own, spool.own.head.seq);
      expect(await toldNext()).not.toContain('spool-lost');
    });

    it.each([true, false])(
      'are gone where it is so while the file is closed (in order: %s)',
      async orderly => {
        const scene = new SpoolScene(home.path);
        const { spool } = scene;
        let [isClosing, goOn] = [false, (): void => undefined];
        const gate = new Promise<void>(resolve => (goOn = resolve));
        withFile(scene.disk, file => ({
          close: async () => {
            isClosing = true;
            await gate;
            await file.close();
          }
        }));
        await spool.start();
        const closed = spool.close(orderly);
        await until(() => isClosing);
        await spool.acknowledged(spool.own, spool.own.head.seq);
        goOn();
        await closed;
        expect(await toldNext()).not.toContain('spool-lost');
      }
    );

    it('are gone where it is so after a write that failed, and back with the next one', async () => {
      const scene = new SpoolScene(home.path, { serverId: 'old' });
      const { spool } = scene;
      let isFull = false;
      withFile(scene.disk, file => ({
        append: bytes => (isFull ? Promise.reject(REFUSED) : file.append(bytes))
      }));
      await spool.start();
      isFull = true;
      expect(await spool.record([SOMETHING])).toBe('failed');
      await spool.acknowledged(spool.own, spool.own.head.seq);
      const note = join(scene.noted.folder, `${scene.boot}.stream`);
      expect(existsSync(note)).toBe(false);
      isFull = false;
      expect(await spool.record([SOMETHING])).toBe('recorded');
      expect(existsSync(note)).toBe(true);
      await spool.close(false);
      renameSync(scene.disk.folder, `${scene.disk.folder}-away`);
      expect(await toldNext()).toEqual(['opened', 'spool-lost']);
    });
  });

  it('are made with the next file where there was no room at first', async () => {
    const scene = new SpoolScene(home.path, { serverId: 'old' });
    let isFull = true;
    for (const disk of [scene.disk, scene.noted]) {
      withFile(disk, file => ({
        append: bytes => (isFull ? Promise.reject(REFUSED) : file.append(bytes))
      }));
    }
    await scene.spool.start();
    isFull = false;
    expect(await scene.spool.record([SOMETHING])).toBe('recorded');
    await scene.spool.close(false);
    rmSync(scene.disk.folder, { recursive: true });
    expect(await toldNext()).toEqual(['opened', 'spool-lost']);
  });

  it('are left as they are where something is recorded after the end', async () => {
    const scene = new SpoolScene(home.path, { serverId: 'old' });
    await scene.spool.start();
    await scene.spool.close(false);
    expect(await scene.spool.record([SOMETHING])).toBe('recorded');
    await scene.spool.close(false);
    expect(scene.logged).toEqual([]);
    expect(readdirSync(scene.noted.folder)).toEqual([`${scene.boot}.stream`]);
  });

  /** The files of streams, or their notes, do something else than they would. */
  function withFile(disk: HomeDisk, other: (file: IJournalFile) => Partial<IJournalFile>): void {
    const create = disk.create.bind(disk);
    jest.spyOn(disk, 'create').mockImplementation(async name => {
      const file = await create(name);
      const plain = {
        append: (bytes: Buffer) => file.append(bytes),
        touch: (wallMs: number) => file.touch(wallMs),
        close: () => file.close()
      };
      return /\.(audit|stream)$/.test(name) ? { ...plain, ...other(file) } : plain;
    });
  }
});
