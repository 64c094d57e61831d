import * as v from 'valibot';
import fc from 'fast-check';
import { Verdict, type Counters, type Evidence } from '@labkeeper/protocol';
import { counterChanges } from './counter-changes.js';
import { AT_MS, disk, evidence, LIMIT, memory, MIB } from './evidence.test.data.js';
import { judge } from './judge.js';

const bytes = fc.nat({ max: 3 * LIMIT });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const count = orNull(fc.nat({ max: 3 }));
const counters: fc.Arbitrary<Counters | null> = orNull(
  fc.record({
    atMs: fc.constant(AT_MS),
    cgroupVersion: fc.constantFrom(1, 2, null),
    oomKill: count,
    limitHit: count,
    oomGroupKill: count,
    pidsRefused: count,
    machineOomKill: count
  })
);
const moment = orNull(bytes.map(value => memory(value)));
const usage = orNull(
  fc
    .tuple(bytes, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([size, free]) => disk('/x', size, Math.floor(size * free)))
);
const id = fc.constantFrom('a', 'b', 'c');

/** Any evidence at all, also such as no machine would give. */
const anyEvidence: fc.Arbitrary<Evidence> = fc
  .record({
    kernelDied: fc.boolean(),
    exit: fc.oneof(
      fc.integer({ min: 1, max: 64 }).map(signal => ({ how: 'signal' as const, signal, coreDumped: false })),
      fc.integer({ min: 0, max: 255 }).map(code => ({ how: 'code' as const, code })),
      fc.constant({ how: 'unknown' as const }),
      fc.constant({ how: 'signal' as const, signal: 9, coreDumped: false })
    ),
    intent: fc.oneof(
      { weight: 4, arbitrary: fc.constant('none' as const) },
      fc.constantFrom('restart' as const, 'shutdown' as const, 'cull' as const, 'server-stop' as const)
    ),
    startFailure: fc.option(fc.record({ message: fc.string(), stderrTail: fc.string() }), {
      nil: null,
      freq: 2
    }),
    limitBytes: orNull(bytes),
    limitSource: fc.constantFrom(
      'cgroup' as const,
      'parent-cgroup' as const,
      'environment' as const,
      'machine' as const
    ),
    oomGroup: fc.boolean(),
    before: counters,
    after: counters,
    memoryBefore: moment,
    memoryAfter: moment,
    peakBytes: orNull(bytes),
    kernelSampleBytes: orNull(bytes),
    kernelPeakBytes: orNull(bytes),
    exitPeakBytes: orNull(bytes),
    diedTogether: fc.uniqueArray(id),
    lostWorkers: fc.array(fc.record({ pid: fc.nat(), name: fc.string(), memoryBytes: bytes }), {
      maxLength: 5
    }),
    shm: usage,
    home: usage,
    processes: orNull(fc.record({ current: fc.nat(), limit: orNull(fc.nat()) })),
    machineAvailableBytes: orNull(bytes),
    machineTotalBytes: orNull(bytes),
    busyForMs: orNull(fc.nat()),
    recentBytes: fc.array(bytes, { maxLength: 5 }),
    otherKernels: fc.array(
      fc.record({ kernelId: id, title: fc.string(), memoryBytes: bytes, idleForMs: orNull(fc.nat()) }),
      { maxLength: 4 }
    ),
    fromFlightRecorder: fc.boolean()
  })
  .map(changes => evidence(changes));

/** Checks a rule on 3000 evidences that it is about. */
function always(about: (e: Evidence) => boolean, rule: (e: Evidence) => void): void {
  fc.assert(fc.property(anyEvidence.filter(about), rule), { numRuns: 3000 });
}

const anything = () => true;

describe('judge, of any evidence,', () => {
  it('gives a verdict that the protocol carries, and the same one every time', () => {
    always(anything, e => {
      const verdict = judge(e);
      expect(v.parse(Verdict, JSON.parse(JSON.stringify(verdict)))).toEqual(verdict);
      expect(judge(e)).toEqual(verdict);
    });
  });

  it('never says memory-limit or memory-elsewhere of a counter that is read and did not move', () => {
    always(
      e => counterChanges(e.before, e.after).oomKill === 0,
      e => expect(judge(e).cause).not.toMatch(/^memory-/)
    );
  });

  it('never says certainly memory of what it cannot count', () => {
    always(
      e => counterChanges(e.before, e.after).oomKill === null && e.kernelDied,
      e => {
        const { cause, confidence } = judge(e);
        expect(cause.startsWith('memory-') && confidence === 'certain').toBe(false);
      }
    );
  });

  it('says of memory only where the process was killed, or nobody saw how it ended', () => {
    always(
      e => e.kernelDied && !e.fromFlightRecorder && e.exit.how !== 'unknown',
      e => {
        if (judge(e).cause.startsWith('memory-')) {
          expect(e.exit).toMatchObject({ how: 'signal', signal: 9 });
        }
      }
    );
  });

  it('explains nothing that was asked for', () => {
    always(
      e => e.kernelDied && e.intent !== 'none',
      e => expect(judge(e).cause).toBe('asked-for')
    );
  });

  it('always names the signal of a death by signal', () => {
    always(
      e => e.kernelDied && e.exit.how === 'signal' && !e.fromFlightRecorder,
      e => expect(judge(e).proofs.map(proof => proof.kind)).toContain('signal')
    );
  });

  it('says unknown exactly when it has no confidence', () => {
    always(anything, e => {
      const { cause, confidence } = judge(e);
      expect(confidence === 'none').toBe(cause === 'unknown');
    });
  });

  it('never is at a loss for a process that ended by itself or crashed', () => {
    always(
      e => e.kernelDied && (e.exit.how === 'code' || (e.exit.how === 'signal' && e.exit.signal !== 9)),
      e => expect(judge(e).cause).not.toBe('unknown')
    );
  });

  it('never lets a kernel hold more than the limit, or less than nothing', () => {
    always(
      e => e.limitBytes !== null && e.kernelDied && !e.fromFlightRecorder,
      e => {
        const held = judge(e).heldBytes ?? 0;
        expect(held).toBeGreaterThanOrEqual(0);
        expect(held).toBeLessThanOrEqual(e.limitBytes ?? 0);
      }
    );
  });

  it('gives advice that can be followed: no busy or small kernel is offered', () => {
    always(anything, e => {
      for (const item of judge(e).advice) {
        if (item.kind === 'free-kernel') {
          expect(item.idleForMs).not.toBeNull();
          expect(item.bytes).toBeGreaterThanOrEqual(50 * MIB);
        }
      }
    });
  });
});
