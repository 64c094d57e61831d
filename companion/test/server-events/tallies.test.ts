import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptEvent, ServerEvent } from '@labkeeper/protocol';
import { HubFolder } from '../../src/hub/hub-folder.js';
import { findEarlierEvents, type IEarlierRun } from '../../src/server-events/earlier-events.js';
import { Tallies } from '../../src/server-events/tallies.js';
import { TallyNote } from '../../src/server-events/tally-note.js';
import { sha256Hex } from '../../src/audit/segment.js';
import { FakeClock } from '../fake-clock.js';
import { scratch } from '../wire.js';

const PLACE = { service: 'http://hub/services/labkeeper/', user: 'ada' };

describe('what is counted', () => {
  let home = scratch();
  let clock: FakeClock;
  let logged: string[];
  let tallies: Tallies;
  let note: TallyNote;
  beforeEach(() => {
    [home, clock, logged] = [scratch(), new FakeClock(), []];
    tallies = new Tallies({ clock, boot: 'boot', sha256: sha256Hex, unsentRecords: () => 0 });
    note = new TallyNote({
      ...{ folder: folder(), image: 'lab:1', serverId: 'server', clock, counted: () => tallies.look() },
      log: line => logged.push(line)
    });
    note.start();
  });
  afterEach(async () => {
    note.dispose();
    await note.told();
    home.remove();
  });

  const folder = (): HubFolder =>
    new HubFolder({ home: home.path, serverName: '', unique: randomUUID(), place: PLACE });
  const files = (): string[] => readdirSync(folder().path).map(name => join(folder().path, name));
  /** What the next companion finds. */
  const found = (): Promise<IEarlierRun[]> =>
    findEarlierEvents({
      ...{ folder: folder(), boot: randomUUID(), serverId: 'server', serverLives: () => null, clock },
      log: line => logged.push(line)
    });
  const eventsOf = (runs: readonly IEarlierRun[]): ServerEvent[] =>
    runs.flatMap(({ events }) => events.map(({ event }: KeptEvent) => event));
  async function minutes(count: number): Promise<void> {
    for (let minute = 0; minute < count; minute += 1) {
      clock.advance(60_000);
      await note.write();
    }
  }

  it('has the same ids until it is counted anew', () => {
    tallies.kernels.set(['a'], clock.monotonicMs());
    tallies.errors.add({ class: 'KeyError', module: null });
    clock.advance(1000);
    const first = tallies.look();
    tallies.saves.saved('run', clock.monotonicMs());
    tallies.errors.add({ class: 'KeyError', module: null });
    clock.advance(1000);
    const second = tallies.look();
    expect(first).toMatchObject([{ count: 1 }, { started: 1, kernelMs: 1000 }]);
    expect(second).toMatchObject([{ kind: 'saves' }, { count: 2 }, { started: 1, kernelMs: 2000 }]);
    expect(second.slice(1).map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    tallies.begin();
    expect(tallies.look()).toEqual([]);
    clock.advance(1000);
    expect(tallies.look()).toMatchObject([{ started: 0, kernelMs: 1000 }]);
    expect(tallies.look()[0]?.id).not.toBe(first[1]?.id);
  });

  it('is on the disk within a minute, for few bytes, and the next companion finds it once', async () => {
    tallies.kernels.set(['a', 'b'], clock.monotonicMs());
    await minutes(5);
    tallies.saves.refused();
    await minutes(9);
    const [run, ...others] = await found();
    expect([others, run?.damaged, run?.image]).toEqual([[], 0, 'lab:1']);
    expect(eventsOf(run ? [run] : [])).toMatchObject([
      { kind: 'kernels', started: 2, kernelMs: 14 * 120_000, atMs: clock.wallMs() },
      { kind: 'saves', notSafe: 1 }
    ]);
    const [file = ''] = files();
    // A head, a line each minute, and one for what changed once.
    expect(statSync(file).size).toBeLessThan(300 + 15 * 180);
  });

  it('costs nothing while nothing is counted, and nothing is left when it is told', async () => {
    await minutes(3);
    expect(() => files()).toThrow('ENOENT');
    tallies.kernels.set(['a'], clock.monotonicMs());
    await minutes(1);
    expect(files()).toHaveLength(1);
    tallies.begin();
    await note.told();
    expect(files()).toEqual([]);
    await minutes(1);
    expect(eventsOf(await found())).toMatchObject([{ started: 0, kernelMs: 60_000 }]);
    tallies.kernels.set([], clock.monotonicMs());
    const [file = ''] = files();
    const { size } = statSync(file);
    await minutes(3);
    expect(statSync(file).size).toBe(size);
  });

  it('is kept as soon as it can be, and one sentence says that it could not', async () => {
    const share = join(home.path, '.local/share');
    mkdirSync(share, { recursive: true });
    writeFileSync(join(share, 'labkeeper'), 'a file where the folder should be');
    tallies.kernels.set(['a'], clock.monotonicMs());
    await minutes(3);
    expect(logged).toEqual([
      expect.stringMatching(/^What is counted for the hub cannot be kept for the next start: /)
    ]);
    rmSync(join(share, 'labkeeper'));
    await minutes(1);
    expect(eventsOf(await found())).toMatchObject([{ started: 1, kernelMs: 240_000 }]);
  });
});
