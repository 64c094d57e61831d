import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/clock.js';
import { FileChannel } from '../../src/reclaim/file-channel.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { Heard } from './heard.js';

/** Far slower than a test: what is heard, is heard by a watch. */
const NEVER = 3600_000;

describe('the watched file', () => {
  let folder: ReturnType<typeof scratch>;
  let path: string;
  let heard: Heard;

  beforeEach(() => {
    folder = scratch();
    path = join(folder.path, 'reclaim');
    heard = new Heard();
  });

  afterEach(() => {
    heard.stop();
    folder.remove();
  });

  /** Starts, and waits until the folder is watched. */
  const start = async (slowMs = NEVER, file = path, settleMs = 30): Promise<void> => {
    heard.start(new FileChannel({ path: file, clock: systemClock, slowMs, settleMs }));
    await until(() => heard.all.length > 0 || heard.troubles.length > 0);
  };

  it('is heard when it is written, changed and removed', async () => {
    await start();
    expect(heard.now).toEqual([]);
    const beforeMs = Date.now();
    writeFileSync(path, '120\n');
    await until(() => heard.now.length === 1);
    const { deadlineMs = null } = heard.now[0] ?? {};
    expect(heard.now).toMatchObject([{ key: 'file', kind: 'reclaim', source: 'file' }]);
    expect(deadlineMs).toBeGreaterThan(beforeMs + 119_000);
    expect(deadlineMs).toBeLessThan(Date.now() + 121_000);
    writeFileSync(path, '{"deadline": "2026-11-24T14:30:00Z", "kind": "maintenance"}');
    await until(() => heard.now[0]?.kind === 'maintenance');
    unlinkSync(path);
    await until(() => heard.now.length === 0);
    expect(heard.troubles).toEqual([]);
  });

  it('is heard within half a second', async () => {
    await start(NEVER, path, 100);
    const startMs = performance.now();
    writeFileSync(path, '');
    await until(() => heard.now.length === 1);
    expect(performance.now() - startMs).toBeLessThan(500);
    expect(heard.now[0]?.deadlineMs).toBeNull();
  });

  it('is not read while it is still being written', async () => {
    await start(NEVER, path, 300);
    // As a shell does it: empty at first, and then line by line.
    writeFileSync(path, '');
    await pause(5);
    writeFileSync(path, '{"deadline": 60,');
    await pause(5);
    writeFileSync(path, '{"deadline": 60, "source": "node watcher"}');
    await until(() => heard.now.length === 1);
    expect(heard.now).toMatchObject([{ source: 'node watcher' }]);
    expect(heard.all.flat().every(({ source }) => source === 'node watcher')).toBe(true);
    expect(heard.troubles).toEqual([]);
  });

  it('is heard when it is renamed into its place', async () => {
    await start();
    writeFileSync(`${path}.new`, '30');
    renameSync(`${path}.new`, path);
    await until(() => heard.now.length === 1);
    writeFileSync(`${path}.new`, '{"kind": "stop"}');
    renameSync(`${path}.new`, path);
    await until(() => heard.now[0]?.kind === 'stop');
  });

  it('counts its seconds from when it was written', async () => {
    writeFileSync(path, '600');
    const writtenS = Math.floor(Date.now() / 1000) - 300;
    utimesSync(path, writtenS, writtenS);
    await start();
    await until(() => heard.now.length === 1);
    expect(heard.now[0]?.deadlineMs).toBe((writtenS + 600) * 1000);
  });

  it('does not let a file server whose clock is ahead put the end off', async () => {
    writeFileSync(path, '60');
    const aheadS = Math.floor(Date.now() / 1000) + 3600;
    utimesSync(path, aheadS, aheadS);
    await start();
    await until(() => heard.now.length === 1);
    expect(heard.now[0]?.deadlineMs).toBeLessThan(Date.now() + 61_000);
  });

  describe('of Kubernetes', () => {
    let version = 0;

    /** Writes the volume as the kubelet does: a new folder, and a symlink that is swapped. */
    const project = (volume: string, content: string): void => {
      const name = `..2026_11_24_${++version}`;
      mkdirSync(join(volume, name), { recursive: true });
      writeFileSync(join(volume, name, 'reclaim'), content);
      symlinkSync(name, join(volume, '..data_tmp'));
      renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
      for (let old = 1; old < version; old++) {
        rmSync(join(volume, `..2026_11_24_${old}`), { recursive: true, force: true });
      }
      if (version === 1) {
        symlinkSync('..data/reclaim', join(volume, 'reclaim'));
      }
    };

    beforeEach(() => {
      version = 0;
    });

    it.each(['the folder', 'the file'])(
      'is heard when the symlink is swapped, by the path of %s',
      async by => {
        const volume = join(folder.path, 'podinfo');
        project(volume, '');
        await start(NEVER, by === 'the file' ? join(volume, 'reclaim') : volume);
        // An annotation that is not set is an empty file, and no notice.
        await until(() => heard.all.length >= 1);
        expect(heard.now).toEqual([]);
        project(volume, 'true');
        await until(() => heard.now.length === 1);
        project(volume, '2026-11-24T14:30:00Z');
        await until(() => heard.now[0]?.deadlineMs === Date.UTC(2026, 10, 24, 14, 30));
        project(volume, '');
        await until(() => heard.now.length === 0);
        expect(heard.troubles).toEqual([]);
      }
    );
  });

  it('is found by the slow look when the folder came later, or is another one', async () => {
    const late = join(folder.path, 'late');
    await start(40, join(late, 'reclaim'));
    expect(heard.now).toEqual([]);
    mkdirSync(late);
    writeFileSync(join(late, 'reclaim'), 'true');
    await until(() => heard.now.length === 1);
    renameSync(late, `${late}.old`);
    await until(() => heard.now.length === 0);
    mkdirSync(late);
    writeFileSync(join(late, 'reclaim'), '5');
    await until(() => heard.now.length === 1);
  });

  it('is watched anew in a folder that took the place of another', async () => {
    const volume = join(folder.path, 'volume');
    mkdirSync(volume);
    await start(40, join(volume, 'reclaim'));
    rmSync(volume, { recursive: true });
    mkdirSync(volume);
    const told = heard.all.length;
    // The slow look finds the new folder; what is heard after that may come from its watch.
    await until(() => heard.all.length > told + 1);
    writeFileSync(join(volume, 'reclaim'), 'true');
    await until(() => heard.now.length === 1);
  });

  it('is repeated while it is there', async () => {
    writeFileSync(path, 'true');
    await start(20);
    await until(() => heard.now.length === 1);
    const told = heard.all.length;
    await until(() => heard.all.length > told + 2);
    expect(new Set(heard.all.slice(told).map(list => JSON.stringify(list))).size).toBe(1);
  });

  it('keeps what it said when it is overwritten with nonsense, and says what is wrong', async () => {
    await start();
    writeFileSync(path, 'true');
    await until(() => heard.now.length === 1);
    writeFileSync(path, 'in about two minutes');
    await until(() => heard.troubles.length === 1);
    expect(heard.troubles).toEqual([
      `${path}: the deadline "in about two minutes" is no ISO time with a time zone and no number of seconds.`
    ]);
    expect(heard.now).toHaveLength(1);
  });

  it('does not heed a file of any moment that an earlier server left behind', async () => {
    writeFileSync(path, 'true');
    utimesSync(path, Date.now() / 1000 - 7200, Date.now() / 1000 - 7200);
    await start();
    await until(() => heard.troubles.length === 1);
    expect(heard.now).toEqual([]);
    expect(heard.troubles[0]).toMatch(/was written long before this server started/);
    writeFileSync(path, 'true');
    await until(() => heard.now.length === 1);
  });

  it.each([
    ['a folder', (at: string) => mkdirSync(join(at, 'reclaim'), { recursive: true }), /it is no plain file/],
    ['a FIFO', (at: string) => execFileSync('mkfifo', [at]), /it is no plain file/],
    ['a very long file', (at: string) => writeFileSync(at, ' '.repeat(20_000)), /longer than 16384 bytes/]
  ])('says that it cannot read %s, and goes on', async (_what, make, why) => {
    make(path);
    await start(30);
    await until(() => heard.troubles.length > 0);
    expect(heard.troubles[0]).toMatch(why);
    expect(heard.now).toEqual([]);
    rmSync(path, { recursive: true });
    writeFileSync(path, 'true');
    await until(() => heard.now.length === 1);
  });

  it('is at peace with a busy folder', async () => {
    await start();
    const told = heard.all.length;
    for (let i = 0; i < 200; i++) {
      writeFileSync(join(folder.path, `notebook-${i}.ipynb`), '{}');
    }
    chmodSync(folder.path, 0o755);
    writeFileSync(path, 'true');
    await until(() => heard.now.length === 1);
    expect(heard.all.length - told).toBeLessThan(5);
  });
});
