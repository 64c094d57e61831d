import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Death } from '@labkeeper/protocol';
import { DeathList, DEATHS_KEPT } from '../src/deaths/death-list.js';
import { ensureOwnFolder, replaceOwnFile } from '../src/recorder/own-folder.js';
import { PastStore } from '../src/recorder/past-store.js';
import { NO_PAST, readPast, writePast } from '../src/recorder/past.js';
import { Segments } from '../src/recorder/segments.js';
import { death } from './death.js';
import { FakeClock } from './fake-clock.js';
import { scratch } from './wire.js';

const NOW = Date.UTC(2026, 10, 24);
const DAY_MS = 24 * 60 * 60 * 1000;

/** As large as a death is where thirty kernels run. */
function largeDeath(id: string): Death {
  const empty = death(id);
  const otherKernels = Array.from({ length: 30 }, (_, i) => ({
    kernelId: `0b1c2d3e-0000-4000-8000-0000000000${i}`,
    title: `project/analysis/${i}/a rather long name of a notebook.ipynb`,
    memoryBytes: 1e9 + i,
    idleForMs: 1e6
  }));
  return { ...empty, evidence: { ...empty.evidence, otherKernels, recentBytes: Array(60).fill(2e9) } };
}

describe('what is kept of the past', () => {
  const home = scratch();
  let folder: string;
  let count = 0;
  beforeEach(async () => (folder = await ensureOwnFolder(home.path, 'flight', `server-${count++}`)));
  afterAll(home.remove);

  it('stays below 1 MB with the ring beside it, at every moment', async () => {
    const sizes: number[] = [];
    const look = (): void =>
      void sizes.push(readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0));
    const ring = new Segments(folder, 'boot', () => ['opening']);
    for (let i = 0; i < 150; i += 1) {
      await ring.append(['x'.repeat(8000)]);
      look();
    }
    const deaths: Death[] = [];
    for (let i = 0; i < 60; i += 1) {
      deaths.push(largeDeath(`d${i}`));
      await writePast(folder, { deaths, told: [], notices: {} }, `boot-${i}`, NOW);
      look();
    }
    await ring.close();
    // While past.json is replaced the new one lies beside the old one.
    expect(Math.max(...sizes) + statSync(join(folder, 'past.json')).size).toBeLessThanOrEqual(1_000_000);
    const kept = (await readPast(folder)).deaths;
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.at(-1)?.id).toBe('d59');
  });

  it('forgets what was told more than a day ago, and more than the file may hold', async () => {
    const told = { old: NOW - DAY_MS, fresh: NOW - 1000 };
    await writePast(folder, { ...NO_PAST, notices: told }, 'one', NOW);
    expect((await readPast(folder)).notices).toEqual({ fresh: NOW - 1000 });
    await writePast(folder, NO_PAST, 'two', NOW + DAY_MS);
    expect((await readPast(folder)).notices).toEqual({});

    const many = Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`too-many-processes.${i}`, NOW]));
    await writePast(folder, { deaths: [death('a')], told: [], notices: many }, 'three', NOW);
    expect(await readPast(folder)).toEqual({ deaths: [death('a')], told: [], notices: {} });
  });

  it('leaves no temporary file behind where it cannot be written', async () => {
    const path = join(folder, 'past.json');
    mkdirSync(join(path, 'in the way'), { recursive: true });
    await expect(replaceOwnFile(path, '{}', 'boot-1')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['past.json']);
  });

  it('removes at the start what a killed companion left half written, and nothing that is being written', async () => {
    const clock = new FakeClock();
    const seconds = clock.wallMs() / 1000;
    for (const [name, age] of [
      ['past.json', 7200],
      ['past.json.killed-0', 3600],
      ['past.json.beside-0', 5]
    ] as const) {
      writeFileSync(join(folder, name), '{}');
      utimesSync(join(folder, name), seconds - age, seconds - age);
    }
    const store = new PastStore({
      home: home.path,
      serverName: `server-${count - 1}`,
      boot: 'boot',
      clock,
      log: () => undefined
    });
    await store.read();
    expect(readdirSync(folder).sort()).toEqual(['past.json', 'past.json.beside-0']);
    expect(readFileSync(join(folder, 'past.json'), 'utf8')).toBe('{}');
  });

  it('keeps the newest deaths by arrival, though the clock was set back', async () => {
    const list = new DeathList();
    for (let i = 0; i < DEATHS_KEPT; i += 1) {
      list.put({ ...death(`d${i}`), atMs: NOW + i });
    }
    list.put({ ...death('newest'), atMs: NOW - 3_600_000 });
    expect(list.all).toHaveLength(DEATHS_KEPT);
    expect(list.all.at(-1)?.id).toBe('newest');
    expect(list.all[0]?.id).toBe('d1');

    await writePast(folder, { ...NO_PAST, deaths: list.all.slice(0, -1) }, 'one', NOW);
    await writePast(folder, { ...NO_PAST, deaths: list.all }, 'two', NOW);
    expect((await readPast(folder)).deaths.map(({ id }) => id)).toEqual(list.all.map(({ id }) => id));
  });

  it('puts what was known before in front of what came since', () => {
    const list = new DeathList();
    list.put({ ...death('now'), consequence: 'restarted' });
    expect(list.restore([death('past'), death('now')])).toBe(true);
    expect(list.all.map(({ id, consequence }) => [id, consequence])).toEqual([
      ['past', 'pending'],
      ['now', 'restarted']
    ]);
    expect(list.restore([death('past')])).toBe(false);
  });
});
