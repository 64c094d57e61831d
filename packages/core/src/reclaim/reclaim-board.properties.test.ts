import fc from 'fast-check';
import { ReclaimKind, type Reclaim } from '@labkeeper/protocol';
import { ReclaimBoard } from './reclaim-board.js';

const NOW = Date.UTC(2026, 10, 24, 14);
const HOUR = 3600_000;

type Step =
  | {
      readonly do: 'say';
      readonly channel: string;
      readonly key: string;
      readonly kind: ReclaimKind;
      readonly inMs: number | null;
    }
  | { readonly do: 'gone'; readonly channel: string; readonly key: string }
  | { readonly do: 'pass'; readonly ms: number };

const channel = fc.constantFrom('aws', 'file', 'endpoint');
const key = fc.constantFrom('a', 'b');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('say' as const),
        channel,
        key,
        kind: fc.constantFrom(...ReclaimKind.options),
        inMs: fc.option(fc.integer({ min: -HOUR, max: 100 * HOUR }), { nil: null })
      })
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('gone' as const), channel, key }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(HOUR) }) }
  ),
  { maxLength: 40 }
);

/** Plays steps on a board; `leaps` are added to its wall clock, one after each step. Gives the list after each. */
function play(list: readonly Step[], leaps: readonly number[] = []): (readonly Reclaim[])[] {
  const board = new ReclaimBoard(() => undefined);
  let monotonicMs = 0;
  let leapMs = 0;
  /** When each event truly ends, on the monotonic clock. */
  const ends = new Map<string, number | null>();
  return list.map((step, index) => {
    const wallMs = NOW + monotonicMs + leapMs;
    if (step.do === 'pass') {
      monotonicMs += step.ms;
      board.look(monotonicMs);
    } else if (step.do === 'gone') {
      board.gone(step.channel, step.key, monotonicMs);
    } else {
      const name = `${step.channel} ${step.key} ${step.kind}`;
      const end = ends.get(name);
      const endMs = end !== undefined ? end : step.inMs === null ? null : monotonicMs + step.inMs;
      ends.set(name, endMs);
      // As the wall clock has it by now.
      const deadlineMs = endMs === null ? null : wallMs + endMs - monotonicMs;
      board.observe({ ...step, deadlineMs, source: step.channel, atMs: wallMs }, monotonicMs);
    }
    leapMs += leaps[index] ?? 0;
    // A look must change nothing that a step did not.
    board.look(monotonicMs);
    return board.reclaims;
  });
}

describe('ReclaimBoard, whatever the channels say', () => {
  it('gives a bounded list of notices with ids of their own, holding ones first, by their end', () => {
    fc.assert(
      fc.property(steps, list => {
        for (const reclaims of play(list)) {
          expect(reclaims.length).toBeLessThanOrEqual(40);
          expect(new Set(reclaims.map(({ id }) => id)).size).toBe(reclaims.length);
          const order = reclaims.map(({ withdrawn, deadlineMs }) => [Number(withdrawn), deadlineMs ?? -1]);
          expect(order).toEqual([...order].sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d));
        }
      })
    );
  });

  it('has at most one holding notice of every kind that happens once', () => {
    fc.assert(
      fc.property(steps, list => {
        for (const reclaims of play(list)) {
          const live = reclaims.filter(({ withdrawn }) => !withdrawn).map(({ kind }) => kind);
          for (const kind of ['reclaim', 'cull', 'wall-time', 'trial']) {
            expect(live.filter(name => name === kind).length).toBeLessThanOrEqual(1);
          }
        }
      })
    );
  });

  it('gives the earliest deadline of one channel that repeats itself, and tells each nearer one once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 0, max: 100 * HOUR }), { nil: null }), { minLength: 1 }),
        deadlines => {
          let changes = 0;
          const board = new ReclaimBoard(() => changes++);
          let earliest = Infinity;
          let nearer = 0;
          deadlines.forEach((inMs, index) => {
            const said = { channel: 'aws', key: 'k', kind: 'reclaim' as const, source: 'AWS', atMs: NOW };
            board.observe({ ...said, deadlineMs: inMs === null ? null : NOW + inMs }, index);
            nearer += (inMs ?? -1) < earliest ? 1 : 0;
            earliest = Math.min(earliest, inMs ?? -1);
          });
          expect(
            board.reclaims.map(({ deadlineMs }) => (deadlineMs === null ? -1 : deadlineMs - NOW))
          ).toEqual([earliest]);
          expect(changes).toBe(nearer);
        }
      )
    );
  });

  it('tells nothing when all is said once more', () => {
    fc.assert(
      fc.property(steps, list => {
        const lists: unknown[] = [];
        const board = new ReclaimBoard(reclaims => lists.push(reclaims));
        const said = list.filter(step => step.do === 'say');
        const sayAll = (): void => {
          const words = new Map(said.map(step => [`${step.channel} ${step.key}`, step]));
          for (const { inMs, ...word } of words.values()) {
            const deadlineMs = inMs === null ? null : NOW + inMs;
            board.observe({ ...word, deadlineMs, source: word.channel, atMs: NOW }, 0);
          }
        };
        sayAll();
        const before = lists.length;
        sayAll();
        expect(lists).toHaveLength(before);
      })
    );
  });

  it('lets no leap of the wall clock make a notice appear or vanish', () => {
    fc.assert(
      fc.property(
        // Maintenance is told apart by its end, so two of them a leap apart are two. All others are one.
        steps.map(list =>
          list.filter(step => step.do !== 'say' || !['maintenance', 'stop'].includes(step.kind))
        ),
        // At most 40 times a year: it stays after 1970.
        fc.array(fc.integer({ min: -3e10, max: 3e10 }), { minLength: 40, maxLength: 40 }),
        (list, leaps) => {
          const told = (lists: (readonly Reclaim[])[]) =>
            lists.map(reclaims => reclaims.map(({ kind, withdrawn }) => `${kind} ${withdrawn}`).sort());
          expect(told(play(list, leaps))).toEqual(told(play(list)));
        }
      )
    );
  });

  it('forgets everything in the end, without a call from anybody but the timer it asked for', () => {
    fc.assert(
      fc.property(steps, list => {
        const board = new ReclaimBoard(() => undefined);
        for (const step of list) {
          if (step.do === 'say') {
            const deadlineMs = step.inMs === null ? null : NOW + step.inMs;
            board.observe({ ...step, deadlineMs, source: step.channel, atMs: NOW }, 0);
          }
        }
        let monotonicMs = 0;
        for (let wait = board.look(0), looks = 0; wait !== null; wait = board.look(monotonicMs), looks++) {
          monotonicMs += wait;
          expect(looks).toBeLessThan(100);
        }
        expect(board.reclaims).toEqual([]);
      })
    );
  });
});
