import { randomUUID } from 'node:crypto';
import { Death, ServerEvent, type EventsWanted, type Notice } from '@labkeeper/protocol';
import fc from 'fast-check';
import * as v from 'valibot';
import { EventQueue } from '../../src/server-events/event-queue.js';
import { ServerEvents } from '../../src/server-events/server-events.js';
import { death } from '../death.js';
import { FakeClock } from '../fake-clock.js';
import { kernel, MIB } from '../scripted-observer.js';

const ALL: EventsWanted = { send: true, errors: true };
const IMAGE = 'lab:1';

function scene(deaths: () => readonly Death[] = () => []) {
  const clock = new FakeClock();
  const queue = new EventQueue(randomUUID(), IMAGE);
  const events = new ServerEvents({
    ...{ queue, clock, deaths, boot: 'boot' },
    added: () => undefined,
    unsentRecords: () => 3
  });
  events.start();
  const sent = (): ServerEvent[] => {
    const text = queue.next()?.toString('utf8') ?? '';
    queue.done();
    return text
      .split('\n')
      .slice(1, -1)
      .map(line => v.parse(ServerEvent, JSON.parse(line)));
  };
  return { clock, queue, events, sent };
}

function throttled(id: string, over = false): Notice {
  const { verdict } = death(id);
  const proofs = [{ kind: 'throttled', share: 0.7, forMs: 300_000 } as const];
  return { id, atMs: 5, over, kernels: [], verdict: { ...verdict, cause: 'cpu-throttled', proofs } };
}

it('tells nothing until the hub has said that it takes events, then each death once', () => {
  const { clock, events, sent } = scene(() => [
    { ...death('one'), atMs: clock.wallMs() },
    { ...death('old'), atMs: clock.wallMs() - 8 * 86_400_000 },
    { ...death('asked'), atMs: clock.wallMs(), verdict: { ...death('x').verdict, cause: 'asked-for' } }
  ]);
  events.died();
  clock.advance(60_000);
  expect(sent()).toEqual([]);
  events.want(ALL);
  events.want(ALL);
  clock.advance(5000);
  expect(sent()).toMatchObject([{ kind: 'death', cause: 'unknown' }]);
  events.died();
  clock.advance(2_000_000);
  expect(sent().filter(({ kind }) => kind === 'death')).toEqual([]);
});

it('forgets errors that wait as soon as policy wants none, and says so to whoever keeps them', () => {
  const clock = new FakeClock();
  const queue = new EventQueue(randomUUID(), IMAGE);
  const noErrors = jest.fn();
  const events = new ServerEvents({
    ...{ queue, clock, noErrors, boot: 'boot', deaths: () => [], unsentRecords: () => 0 },
    added: () => undefined
  });
  events.want(ALL);
  events.erred('KeyError', '');
  events.sum();
  events.erred('KeyError', '');
  expect([queue.isEmpty, events.counted().length]).toEqual([false, 1]);
  events.obey();
  expect([queue.isEmpty, noErrors.mock.calls.length]).toEqual([false, 0]);
  events.want({ send: true, errors: false });
  expect([queue.isEmpty, events.counted().length, noErrors.mock.calls.length]).toEqual([true, 0, 1]);
  events.dispose();
});

it('counts kernels, saves and errors, and tells them every quarter of an hour', () => {
  const { clock, events, sent } = scene();
  events.want(ALL);
  clock.advance(60_000);
  sent();
  events.kernels([kernel('a'), kernel('b')]);
  events.saves.changed('run');
  clock.advance(20_000);
  events.saves.changed('run');
  events.saves.saved('run');
  events.saves.saved('other');
  events.saves.refused();
  events.kernels([kernel('a')]);
  events.erred('KeyError', "'salary'");
  events.erred('KeyError', "'name'");
  events.erred('ModuleNotFoundError', "No module named 'torch.cuda'");
  events.erred('KeyboardInterrupt', '');
  clock.advance(880_000);
  const told = sent();
  expect(told).toMatchObject([
    { kind: 'saves', count: 2, worstAgeMs: 20_000, notSafe: 1 },
    { kind: 'errors', class: 'KeyError', module: null, count: 2 },
    { kind: 'errors', class: 'ModuleNotFoundError', module: 'torch', count: 1 },
    { kind: 'kernels', started: 2, kernelMs: 920_000, unsentRecords: 3 }
  ]);
  expect(new Set(told.map(({ id }) => id)).size).toBe(4);
});

it('tells memory that stays full once until there is room, and throttling when it begins', () => {
  const { clock, events, sent } = scene();
  const sample = (unreclaimableBytes: number): void =>
    events.sampled({
      ...{ atMs: clock.wallMs(), cpu: null, shm: null, home: null, processes: null, pressure: null },
      ...{ gpus: [], kernels: [] },
      memory: {
        ...{ limitBytes: 1000 * MIB, limitSource: 'cgroup', usageBytes: unreclaimableBytes, cacheBytes: 0 },
        ...{
          unreclaimableBytes,
          anonBytes: 0,
          shmemBytes: 0,
          kernelBytes: 0,
          peakBytes: null,
          swapBytes: null
        }
      }
    });
  events.want(ALL);
  for (let minute = 0; minute <= 25; minute++) {
    sample(minute === 12 ? 100 * MIB : 950 * MIB);
    clock.advance(60_000);
  }
  events.noticed(throttled('n'));
  events.noticed(throttled('n', true));
  const kinds = sent().map(({ kind }) => kind);
  expect(kinds.filter(kind => kind === 'memory-high').length).toBe(2);
  expect(kinds.filter(kind => kind === 'throttled').length).toBe(1);
});

it('leaves no name, path or text of anybody in what is sent', () => {
  // Long enough that no number and no word of ours is like one by chance.
  const secret = fc
    .string({ minLength: 3, maxLength: 40 })
    .map(text => `Zq${text.replaceAll(/[\n\r]/g, ' ')}qZ`);
  const name = fc.oneof(
    secret,
    secret.map(text => `/home/ada/${text}.ipynb`),
    secret.map(text => `No module named '${text}'`)
  );
  fc.assert(
    fc.property(fc.array(name, { minLength: 12, maxLength: 12 }), names => {
      const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '', i = '', j = '', k = '', l = ''] =
        names;
      const base = death(a);
      const hostile: Death = {
        ...base,
        atMs: Date.now(),
        verdict: {
          ...base.verdict,
          proofs: [
            { kind: 'worker', name: b, memoryBytes: 1 },
            { kind: 'start-message', text: c }
          ],
          advice: [
            { kind: 'free-kernel', kernelId: d, title: e, bytes: 1, idleForMs: null },
            { kind: 'fix-start', module: f }
          ]
        },
        evidence: {
          ...base.evidence,
          kernel: kernel(g, { path: h, title: i, kernelName: j }),
          startFailure: { message: k, stderrTail: l },
          lostWorkers: [{ pid: 1, name: b, memoryBytes: 1 }],
          diedTogether: [d],
          home: { path: h, usedBytes: 1, sizeBytes: 2, freeBytes: 1 },
          otherKernels: [{ kernelId: d, title: e, memoryBytes: 1, idleForMs: null }]
        }
      };
      const { clock, queue, events } = scene(() => [hostile]);
      events.want(ALL);
      events.kernels([kernel(g, { path: h, title: i })]);
      events.saves.changed(a);
      events.saves.saved(a);
      events.erred(a, b);
      events.erred('NameError', `name '${c}' is not defined`);
      events.erred('ModuleNotFoundError', c);
      events.noticed({ ...throttled(a), kernels: [{ kernelId: d, title: e }] });
      clock.advance(2_000_000);
      const text = queue.next()?.toString('utf8') ?? '';
      expect(text).toContain('"death"');
      const parts = names.flatMap(each => each.match(/Zq.*?qZ/g) ?? []);
      // A missing module's top-level name is told, and only where it is one.
      const modules = /^No module named '([A-Za-z_][A-Za-z0-9_]*)'$/.exec(c)?.[1];
      expect(
        parts.filter(
          part =>
            part !== modules && (text.includes(part) || text.includes(JSON.stringify(part).slice(1, -1)))
        )
      ).toEqual([]);
      expect(text).not.toContain('/home/');
    }),
    { numRuns: 300 }
  );
});
