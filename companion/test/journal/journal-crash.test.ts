import type { RunId } from '@labkeeper/protocol';
import { EarlierRuns } from '../../src/journal/earlier-runs.js';
import type { IJournalDisk } from '../../src/journal/journal-disk.js';
import { FakeClock } from '../fake-clock.js';
import { MemoryDisk, type Random } from './memory-disk.js';
import { BASE, openStore, Run, runId, textsOf } from './scene.js';

jest.setTimeout(60_000);

/** Mulberry32 (public domain): the same numbers for the same seed. */
function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface IModel {
  readonly run: Run;
  /** Somebody said that it is of no use any more. */
  isDone: boolean;
}

interface IOutcome extends IModel {
  readonly acknowledged: number;
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise(resolve => setImmediate(resolve));
  }
}

/** What counts of records that each say all of one cell: the base, and the last. */
function folded(lines: readonly string[]): string[] {
  return lines.filter((line, index) => line === BASE || index === lines.length - 1);
}

/** Types, saves, closes and begins anew at random, in a journal so small that it is cleaned all the time. */
async function work(
  disk: MemoryDisk,
  random: Random,
  { stepCount = STEPS, maxBytes = 512 * 1024, saves = true } = {}
): Promise<Map<RunId, IOutcome>> {
  const { store, page } = openStore(disk, 'boot', {
    clock: new FakeClock(),
    maxBytes,
    fold: () => {
      let lines: string[] = [];
      return { add: line => void (lines = folded([...lines, line])), lines: () => lines };
    }
  });
  const models: IModel[] = [];
  const begin = (replaced: IModel | null): void => {
    const run = new Run(store, page, runId(models.length + 1), 'a.ipynb', replaced?.run.id ?? null);
    models.push({ run, isDone: false });
    run.send();
    if (replaced) {
      replaced.isDone = true;
    }
  };
  const isLost = ({ run }: IModel): boolean => page.lostRuns.some(lost => lost.run === run.id);
  for (let step = 0; step < stepCount; step += 1) {
    const living = models.filter(({ isDone }) => !isDone);
    const one = living[Math.floor(random() * living.length)] ?? null;
    const choice = random();
    if (!one || (choice < 0.2 && living.length < 3)) {
      begin(null);
    } else if (one === models[0] && saves && !isLost(one)) {
      // Never saved, and a little of it everywhere: it has to be moved all the time.
      one.run.send();
    } else if (isLost(one) || (saves && choice < 0.1)) {
      begin(one);
    } else if (saves && choice < 0.13) {
      store.saved(one.run.id, one.run.seq, 'ab'.repeat(32));
      one.isDone = true;
    } else if (saves && choice < 0.14) {
      store.closed(one.run.id);
      one.isDone = true;
    } else {
      one.run.send(`{"t":"src","c":0,"v":"${one.run.seq} ${'x'.repeat(Math.floor(random() * 4000))}"}`);
    }
    if (random() < 0.4) {
      await settle();
    }
  }
  await settle();
  store.dispose();
  return new Map(models.map(model => [model.run.id, { ...model, acknowledged: page.seq(model.run.id) }]));
}

/** @returns how many batches were read, and how many had been folded into others. */
async function check(
  disk: IJournalDisk,
  models: ReadonlyMap<RunId, IOutcome>
): Promise<{ readonly read: number; readonly folded: number }> {
  const earlier = new EarlierRuns({
    disk,
    boot: 'later',
    serverId: 'other',
    lives: () => false,
    clock: new FakeClock(),
    log: line => {
      throw new Error(line);
    },
    changed: () => undefined
  });
  await earlier.read();
  const found = new Map(earlier.all.map(run => [run.run, run]));
  expect(found.size).toBe(earlier.all.length);
  const counts = { read: 0, folded: 0 };
  for (const [id, { run, isDone, acknowledged }] of models) {
    const read = found.get(id);
    if (read || (acknowledged > 0 && !isDone)) {
      expect(read).toMatchObject({ damagedAfterSeq: null });
      expect(read?.lastSeq).toBeGreaterThanOrEqual(acknowledged);
      const texts = await textsOf(read);
      const sent = run.sent.slice(0, read?.lastSeq);
      const isFolded = texts.length < sent.length;
      expect(folded(texts.flatMap(text => text.split('\n')))).toEqual(folded(sent));
      expect(texts.slice(1)).toEqual(sent.slice(sent.length - texts.length + 1));
      expect(isFolded || texts[0] === sent[0]).toBe(true);
      counts.read += texts.length;
      counts.folded += sent.length - texts.length;
    }
  }
  earlier.dispose();
  return counts;
}

const STEPS = 400;

describe('a journal that is cleaned while it is written', () => {
  it('removes more than it keeps', async () => {
    const disk = new MemoryDisk();
    const models = await work(disk, randomOf(1));
    const sent = [...models.values()].flatMap(({ run }) => run.sent).join('').length;
    const left = [...disk.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(left).toBeLessThan(sent / 3);
    expect([...disk.files.keys()]).not.toContain('boot.0.journal');
    await check(disk.afterKill(), models);
  });

  it('keeps what was acknowledged of a run that is lost while it is moved', async () => {
    const clock = new FakeClock();
    const disk = new MemoryDisk({ clock, syncMs: 50 });
    const { store, page } = openStore(disk, 'boot', { clock, maxBytes: 256 * 1024 });
    const pass = async (): Promise<void> => {
      for (let step = 0; step < 40; step += 1) {
        clock.advance(300);
        await settle();
      }
    };
    const lost = new Run(store, page, runId(1)).send();
    const kept = new Run(store, page, runId(2)).send();
    const large = new Run(store, page, runId(3)).send('x'.repeat(60_000));
    await pass();
    for (let i = 0; i < 6; i += 1) {
      large.send('x'.repeat(20_000));
      await pass();
    }
    expect(disk.files.has('boot.0.journal')).toBe(true);
    store.closed(large.id);
    // Just as much time as lets the cleaner read, but not write.
    const before = store.health.waitingBytes;
    for (let step = 0; step < 100 && store.health.waitingBytes <= before; step += 1) {
      clock.advance(100);
      await settle();
    }
    const moving = store.health.waitingBytes;
    store.append(page, lost.id, 7, false, Buffer.from('gap'));
    expect(page.lostRuns).toEqual([{ run: lost.id, seq: 7 }]);
    expect(store.health.waitingBytes).toBe(moving);
    await pass();
    expect(disk.files.has('boot.0.journal')).toBe(false);
    store.dispose();
    const outcome = (run: Run): [RunId, IOutcome] => [run.id, { run, isDone: false, acknowledged: 1 }];
    expect(await check(disk.afterKill(), new Map([outcome(lost), outcome(kept)]))).toMatchObject({ read: 2 });
  });

  it('has everything that was acknowledged after it was killed at any step', async () => {
    const whole = new MemoryDisk();
    await work(whole, randomOf(2));
    expect(whole.steps).toBeGreaterThan(400);
    for (let steps = 1; steps < whole.steps; steps += 3) {
      const disk = new MemoryDisk();
      disk.stepsLeft = steps;
      const models = await work(disk, randomOf(2));
      await check(disk.afterKill(), models);
    }
  });

  it('has it after the machine lost its power at any step, whatever was not forced to the disk', async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = randomOf(seed);
      const disk = new MemoryDisk();
      disk.stepsLeft = 1 + Math.floor(random() * 500);
      const models = await work(disk, random);
      for (let loss = 0; loss < 5; loss += 1) {
        await check(disk.afterPowerLoss(random), models);
      }
    }
  });

  it('has it also where runs are folded, moved and folded again, because they are never saved', async () => {
    const tight = { stepCount: 200, maxBytes: 256 * 1024, saves: false };
    const whole = new MemoryDisk();
    const models = await work(whole, randomOf(3), tight);
    const { folded, read } = await check(whole.afterKill(), models);
    expect(folded).toBeGreaterThan(read);
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = randomOf(seed);
      const disk = new MemoryDisk();
      disk.stepsLeft = 1 + Math.floor(random() * 2 * whole.steps);
      const cut = await work(disk, random, tight);
      await check(disk.afterKill(), cut);
      await check(disk.afterPowerLoss(random), cut);
    }
  });
});
