import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ownFolder } from '../../src/recorder/own-folder.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { readAll, SOMETHING, SpoolScene } from './scene.js';

describe('the spool', () => {
  let home = scratch();
  beforeEach(() => (home = scratch()));
  afterEach(() => home.remove());

  const folder = (): string => ownFolder(home.path, 'audit', '');
  const segments = (): string[] =>
    readdirSync(folder())
      .filter(name => name.endsWith('.audit'))
      .sort();
  const pathOf = (name: string | undefined): string => join(folder(), name ?? '');

  /** A companion that recorded something and was killed. */
  async function killed(events = 3): Promise<SpoolScene> {
    const scene = new SpoolScene(home.path, { serverId: 'old' });
    await scene.spool.start();
    await pause(300);
    await scene.spool.record(new Array(events).fill(SOMETHING));
    await scene.spool.close(false);
    return scene;
  }

  it('begins a stream, goes on with it and ends it in order', async () => {
    const { spool } = new SpoolScene(home.path);
    await spool.start();
    expect(await spool.record([SOMETHING, SOMETHING])).toBe('recorded');
    await spool.close(true);
    const records = await readAll(spool);
    expect(records.map(({ action }) => action)).toEqual(['opened', 'heartbeat', 'heartbeat', 'closed']);
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(statSync(pathOf(segments()[0])).mode & 0o777).toBe(0o600);
  });

  it('finds what a killed companion left, and says since when nobody looked', async () => {
    const beganAtMs = Date.now();
    const first = await killed();
    const next = new SpoolScene(home.path);
    await next.spool.start();
    expect(await next.told()).toEqual(['opened', 'companion-down']);
    const [, gap] = await readAll(next.spool);
    // Its last record is a sign of life too.
    expect(gap?.gap?.sinceMs).toBeGreaterThanOrEqual(beganAtMs + 250);
    expect(gap?.gap?.sinceMs).toBeLessThan(Date.now() + 100);
    const [stream] = next.spool.earlier.waiting;
    expect(stream?.boot).toBe(first.boot);
    expect(stream?.head).toEqual(first.spool.own.head);
    // Said once: the one after that knows only of this one.
    await next.spool.close(true);
    const third = new SpoolScene(home.path, { serverId: 'third' });
    await third.spool.start();
    expect(await third.told()).toEqual(['opened']);
    expect(third.spool.earlier.waiting).toHaveLength(2);
    await third.spool.close(false);
  });

  it('leaves alone what a companion elsewhere still writes, until that one is dead', async () => {
    const clock = new FakeClock(Date.now());
    const first = await killed();
    let lives: boolean | null = null;
    const next = new SpoolScene(home.path, { clock, serverLives: () => lives });
    await next.spool.start();
    clock.advance(60_000);
    await next.spool.record([SOMETHING]);
    expect(next.spool.earlier.waiting).toEqual([]);
    expect(await next.told()).toEqual(['opened', 'heartbeat']);
    // The file system's clock cannot be stepped: let its server be seen dead instead.
    lives = false;
    clock.advance(60_000);
    await until(() => next.spool.earlier.waiting.length === 1 && next.spool.own.head.seq === 3);
    expect(next.spool.earlier.waiting[0]?.boot).toBe(first.boot);
    expect((await next.told()).at(-1)).toBe('companion-down');
    await next.spool.close(false);
  });

  it('drops a last record that was cut, and nothing else', async () => {
    const first = await killed();
    const path = pathOf(segments()[0]);
    truncateSync(path, statSync(path).size - 20);
    const next = new SpoolScene(home.path);
    await next.spool.start();
    const [stream] = next.spool.earlier.waiting;
    expect(stream?.head.seq).toBe(first.spool.own.head.seq - 1);
    expect(await next.told()).toEqual(['opened', 'companion-down']);
    await next.spool.close(false);
  });

  it.each([
    ['a changed byte', (bytes: string) => bytes.replace('heartbeat', 'heartbeaT')],
    ['a removed record', (bytes: string) => bytes.split('\n').toSpliced(3, 2).join('\n')],
    ['no header', (bytes: string) => bytes.slice(10)],
    ['not one of its own bytes', () => 'something else\n']
  ])('says that records are lost where a file has %s', async (_what, damage) => {
    await killed();
    const path = pathOf(segments()[0]);
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    const next = new SpoolScene(home.path);
    await next.spool.start();
    expect(await next.told()).toEqual(['opened', 'companion-down', 'spool-lost']);
    await next.spool.close(false);
  });

  it('says so at its bound, and again when there is room', async () => {
    const scene = new SpoolScene(home.path, { maxBytes: 20_000 });
    const { spool } = scene;
    await spool.start();
    let recorded = 0;
    while ((await spool.record([SOMETHING])) === 'recorded') {
      recorded += 1;
    }
    expect(recorded).toBeGreaterThan(5);
    expect(await spool.record([SOMETHING])).toBe('full');
    expect((await scene.told()).slice(-2)).toEqual(['heartbeat', 'spool-full']);
    expect(spool.trouble).toContain('full');
    await spool.close(true);
    // The hub took everything.
    await spool.acknowledged(spool.own, spool.own.head.seq);
    expect(segments()).toEqual([]);
    expect(spool.own.sizeBytes).toBe(0);
    expect(await spool.record([SOMETHING])).toBe('recorded');
    expect(spool.trouble).toBeNull();
    // opened, what was recorded, the gap and closed; then the gap's end and the new record.
    expect(spool.own.head.seq).toBe(recorded + 3 + 2);
    await spool.close(false);
  });

  it('removes what was acknowledged, and goes on behind it', async () => {
    const { spool } = new SpoolScene(home.path);
    await spool.start();
    for (let round = 0; round < 8; round += 1) {
      await spool.record(new Array(500).fill(SOMETHING));
    }
    const before = segments().length;
    expect(before).toBeGreaterThan(1);
    await spool.acknowledged(spool.own, 3000);
    expect(segments().length).toBeLessThan(before);
    expect(await spool.own.hashAt(1)).toBeNull();
    const batch = await spool.own.batch(spool.own.head, 500);
    expect(batch).toBeNull();
    await spool.close(false);
  });

  it.each([
    ['the files of its stream', () => segments().forEach(name => rmSync(pathOf(name)))],
    ['the whole folder', () => rmSync(folder(), { recursive: true })]
  ])(
    'says that a stream is lost of which somebody removed %s while no companion ran',
    async (_what, remove) => {
      const first = await killed();
      remove();
      const next = new SpoolScene(home.path);
      await next.spool.start();
      expect((await next.told()).at(-1)).toBe('spool-lost');
      const lost = (await readAll(next.spool)).at(-1);
      expect(lost?.gap).toMatchObject({ count: null, sinceMs: first.spool.own.openedAtMs });
      await next.spool.close(false);
      // Said once, and its own stream is there.
      const third = new SpoolScene(home.path, { serverId: 'third' });
      await third.spool.start();
      expect((await third.told()).filter(what => what === 'spool-lost')).toEqual([]);
      await third.spool.close(false);
    }
  );

  it('says nothing of a stream that the hub has whole, whatever becomes of its files', async () => {
    const first = await killed();
    const next = new SpoolScene(home.path);
    await next.spool.start();
    const [stream] = next.spool.earlier.waiting;
    expect(stream?.boot).toBe(first.boot);
    if (stream) {
      await next.spool.acknowledged(stream, stream.head.seq);
    }
    await next.spool.close(true);
    await next.spool.acknowledged(next.spool.own, next.spool.own.head.seq);
    rmSync(folder(), { recursive: true });
    const third = new SpoolScene(home.path, { serverId: 'third' });
    await third.spool.start();
    expect(await third.told()).toEqual(['opened']);
    await third.spool.close(false);
  });

  it('waits with a lost stream until its companion is dead for sure', async () => {
    const clock = new FakeClock(Date.now());
    await killed();
    rmSync(folder(), { recursive: true });
    let lives: boolean | null = null;
    const next = new SpoolScene(home.path, { clock, serverLives: () => lives });
    await next.spool.start();
    expect(await next.told()).toEqual(['opened']);
    lives = false;
    clock.advance(60_000);
    await until(() => next.spool.own.head.seq === 2);
    expect(await next.told()).toEqual(['opened', 'spool-lost']);
    await next.spool.close(false);
  });

  it('records nothing where it cannot write, says so, and has lost nothing when it can', async () => {
    const earlier = await killed();
    renameSync(join(home.path, '.local'), join(home.path, 'kept'));
    const clock = new FakeClock(Date.now());
    const scene = new SpoolScene(home.path, { clock });
    const { spool } = scene;
    mkdirSync(join(home.path, '.local/share'), { recursive: true });
    writeFileSync(join(home.path, '.local/share/labkeeper'), 'a file where the folder should be');
    await spool.start();
    expect(await spool.record([SOMETHING])).toBe('failed');
    expect(spool.trouble).toContain('cannot be recorded');
    expect(await spool.record([SOMETHING])).toBe('failed');
    expect(scene.logged).toHaveLength(3);
    rmSync(join(home.path, '.local'), { recursive: true });
    renameSync(join(home.path, 'kept'), join(home.path, '.local'));
    expect(await spool.record([SOMETHING])).toBe('recorded');
    expect(await scene.told()).toEqual(['opened', 'heartbeat']);
    expect(spool.trouble).toBeNull();
    // What an earlier companion left is found as well, within minutes.
    await until(() => {
      clock.advance(60_000);
      return spool.own.head.seq === 3;
    });
    expect(await scene.told()).toEqual(['opened', 'heartbeat', 'companion-down']);
    expect(spool.earlier.waiting.map(({ boot }) => boot)).toEqual([earlier.boot]);
    await spool.close(false);
  });

  it('goes on in a new file after a write that failed half-way', async () => {
    const scene = new SpoolScene(home.path, { serverId: 'old' });
    await scene.spool.start();
    await scene.spool.record([SOMETHING]);
    await scene.spool.close(false);
    // As if the next record had reached the disk in part or whole, and nobody was told.
    appendFileSync(pathOf(segments()[0]), '{"half":');
    expect(await scene.spool.record([SOMETHING])).toBe('recorded');
    await scene.spool.close(false);
    expect(segments()).toHaveLength(2);
    const next = new SpoolScene(home.path);
    await next.spool.start();
    const [stream] = next.spool.earlier.waiting;
    expect(stream?.head).toEqual(scene.spool.own.head);
    expect(await next.told()).toEqual(['opened', 'companion-down']);
    await next.spool.close(false);
  });

  it('says when the clock was set', async () => {
    const clock = new FakeClock(Date.now());
    const scene = new SpoolScene(home.path, { clock });
    await scene.spool.start();
    clock.advance(60_000);
    clock.stepWall(3_600_000);
    clock.advance(60_000);
    await scene.spool.record([SOMETHING]);
    expect(await scene.told()).toEqual(['opened', 'clock-step', 'heartbeat']);
    await scene.spool.close(false);
  });

  it('says within a minute that its file was removed under it, and goes on in a new stream', async () => {
    const clock = new FakeClock(Date.now());
    const scene = new SpoolScene(home.path, { clock });
    await scene.spool.start();
    await scene.spool.record([SOMETHING]);
    clock.advance(60_000);
    await pause(50);
    expect(scene.spool.own.boot).toBe(scene.boot);
    segments().forEach(name => rmSync(pathOf(name)));
    clock.advance(60_000);
    await until(() => segments().length > 0);
    await scene.spool.record([SOMETHING]);
    expect(scene.spool.own.boot).not.toBe(scene.boot);
    expect(await scene.told()).toEqual(['opened', 'spool-lost', 'heartbeat']);
    await scene.spool.close(true);
  });

  it('begins another stream where its own is given up', async () => {
    const scene = new SpoolScene(home.path);
    await scene.spool.start();
    await scene.spool.record([SOMETHING]);
    await scene.spool.giveUp(scene.spool.own, 2);
    expect(await scene.told()).toEqual(['opened', 'spool-lost']);
    expect(scene.spool.own.boot).not.toBe(scene.boot);
    expect((await readAll(scene.spool))[1]?.gap?.count).toBe(2);
    expect(readdirSync(folder()).filter(name => name.endsWith('.aside'))).toHaveLength(1);
    await scene.spool.close(true);
  });
});
