import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptEvent, ServerEvent } from '@labkeeper/protocol';
import { HubFolder } from '../../src/hub/hub-folder.js';
import { EventQueue } from '../../src/server-events/event-queue.js';
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
  let queue: EventQueue;
  let where: HubFolder;
  let note: TallyNote;
  /** What the hub has added up: it takes each number of a run once. */
  let hub: { readonly seqs: Map<string, number>; kernelMs: number; readonly ids: Set<string> };
  beforeEach(() => {
    [home, clock, logged] = [scratch(), new FakeClock(), []];
    tallies = new Tallies({ clock, boot: 'boot', sha256: sha256Hex, unsentRecords: () => 0 });
    hub = { seqs: new Map(), kernelMs: 0, ids: new Set() };
    queue = new EventQueue(randomUUID(), 'lab:1', () => clock.wallMs());
    where = folder();
    note = new TallyNote({
      ...{ folder: where, boot: randomUUID(), image: 'lab:1', serverId: 'server', queue, clock },
      counted: () => tallies.look(),
      log: line => logged.push(line)
    });
    note.start();
  });
  afterEach(async () => {
    await note.close();
    home.remove();
  });

  const folder = (): HubFolder =>
    new HubFolder({ home: home.path, serverName: '', unique: randomUUID(), place: PLACE });
  /** A quarter of an hour is over. */
  function sum(): void {
    const counted = tallies.look();
    tallies.begin();
    note.sum(counted);
  }
  /** The hub takes what a companion sends. @param isLost - its answers do not arrive. */
  function send(from = queue, isLost = false): void {
    for (let body = from.next(); body !== null; body = isLost ? null : from.next()) {
      const [first = '', ...lines] = body.toString('utf8').split('\n').slice(0, -1);
      const head: { boot: string; first: number } = JSON.parse(first);
      const before = hub.seqs.get(head.boot) ?? 0;
      for (const [at, line] of lines.entries()) {
        const event: ServerEvent = JSON.parse(line);
        if (head.first + at > before) {
          hub.kernelMs += event.kind === 'kernels' ? event.kernelMs : 0;
          hub.ids.add(event.kind);
          hub.seqs.set(head.boot, head.first + at);
        }
      }
      if (!isLost) {
        from.done();
      }
    }
  }
  /** The next companion sends what it finds. */
  async function successor(): Promise<void> {
    const next = new EventQueue(randomUUID(), 'lab:1');
    (await found()).forEach(run => next.restore(run));
    send(next);
  }
  const files = (): string[] => readdirSync(folder().path).map(name => join(folder().path, name));
  /** What the next companion finds. */
  const found = (): Promise<IEarlierRun[]> =>
    findEarlierEvents({
      ...{ folder: folder(), boots: [], serverId: 'server', serverLives: () => null, clock },
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
    sum();
    await note.settle();
    expect(files()).toHaveLength(1);
    send();
    await note.settle();
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

  it.each<[string, () => Promise<void>]>([
    ['and is killed before it is sent', async () => undefined],
    ['and is killed while its answer is under way', async () => send(queue, true)],
    ['and ends while the home is slow', async () => send()],
    [
      'and cannot remove the file',
      async () => {
        const remove = jest.spyOn(where, 'remove').mockRejectedValue(new Error('EIO: i/o error'));
        send();
        await note.close();
        expect(files()).toHaveLength(1);
        remove.mockRestore();
      }
    ],
    [
      'while one of another container has sent the file',
      async () => {
        await successor();
        send();
      }
    ]
  ])('is added once where a companion sums %s', async (_how, end) => {
    tallies.kernels.set(['a'], clock.monotonicMs());
    await minutes(14);
    clock.advance(30_000);
    sum();
    await end();
    await successor();
    expect(hub.kernelMs).toBeGreaterThanOrEqual(14 * 60_000);
    expect(hub.kernelMs).toBeLessThanOrEqual(14 * 60_000 + 30_000);
    // What comes after it is added too.
    await minutes(2);
    sum();
    send();
    await successor();
    expect(hub.kernelMs).toBeGreaterThanOrEqual(16 * 60_000);
    expect(hub.kernelMs).toBeLessThanOrEqual(16 * 60_000 + 30_000);
  });

  it('removes what it could not remove a minute later', async () => {
    tallies.kernels.set(['a'], clock.monotonicMs());
    await minutes(2);
    tallies.kernels.set([], clock.monotonicMs());
    sum();
    send();
    const remove = jest.spyOn(where, 'remove').mockRejectedValueOnce(new Error('EIO: i/o error'));
    await note.settle();
    expect(files()).toHaveLength(1);
    await minutes(1);
    expect([files(), remove.mock.calls.length]).toEqual([[], 2]);
    expect(logged).toHaveLength(1);
  });

  it('stays on the disk where a line could not be added, until a new file holds everything', async () => {
    tallies.kernels.set(['a'], clock.monotonicMs());
    const create = where.create.bind(where);
    let isFull = false;
    where.create = async name => {
      if (isFull) {
        throw new Error('ENOSPC: no space left on device');
      }
      const file = await create(name);
      const append = file.appendFile.bind(file);
      file.appendFile = (...text) =>
        isFull ? Promise.reject(new Error('ENOSPC: no space left on device')) : append(...text);
      return file;
    };
    await minutes(3);
    isFull = true;
    await minutes(3);
    expect(eventsOf(await found())).toMatchObject([{ kernelMs: 180_000 }]);
    sum();
    await note.settle();
    expect(eventsOf(await found())).toMatchObject([{ kernelMs: 180_000 }]);
    isFull = false;
    await minutes(1);
    expect(eventsOf(await found())).toMatchObject([{ kernelMs: 360_000 }, { kernelMs: 60_000 }]);
    expect([files().length, logged.length]).toEqual([1, 1]);
  });

  it('has no errors any more as soon as policy wants none, neither on the disk nor in the queue', async () => {
    tallies.kernels.set(['a'], clock.monotonicMs());
    tallies.errors.add({ class: 'KeyError', module: null });
    await minutes(1);
    sum();
    tallies.errors.add({ class: 'KeyError', module: null });
    await minutes(1);
    expect(eventsOf(await found()).map(({ kind }) => kind)).toEqual([
      ...['errors', 'kernels', 'errors', 'kernels']
    ]);
    tallies.errors.begin();
    queue.forget('errors');
    await note.forgetErrors();
    expect(eventsOf(await found()).map(({ kind }) => kind)).toEqual(['kernels', 'kernels']);
    sum();
    send();
    await successor();
    expect([[...hub.ids], hub.kernelMs]).toEqual([['kernels'], 120_000]);
  });

  it('waits for room no longer than other events do', () => {
    for (let at = 0; at < 600; at += 1) {
      tallies.errors.add({ class: 'KeyError', module: null });
      sum();
      clock.advance(1);
    }
    const sent: ServerEvent[] = [];
    for (let body = queue.next(); body !== null; body = queue.next()) {
      const [, ...lines] = body.toString('utf8').split('\n').slice(0, -1);
      sent.push(...lines.map(line => JSON.parse(line)));
      queue.done();
    }
    expect(sent).toHaveLength(500);
    queue.add({ kind: 'saves', id: 'a'.repeat(32), atMs: 1, count: 1, worstAgeMs: null, notSafe: 0 });
    const text = queue.next()?.toString('utf8') ?? '';
    expect(text).toContain('"why":"full"');
    expect(text).toContain('"count":100}');
  });
});
