import fc from 'fast-check';
import { Death, type FlightKernel, type FlightRecord } from '@labkeeper/protocol';
import * as v from 'valibot';
import { AT_MS, LIMIT, memory, MIB } from './evidence.test.data.js';
import { explainLastRun } from './last-run.js';

const kernel = (kernelId: string, mib: number, busy: boolean): FlightKernel => ({
  kernelId,
  pid: 10,
  kernelName: 'python3',
  path: `${kernelId}.ipynb`,
  title: `${kernelId}.ipynb`,
  owner: 'notebook',
  memoryBytes: mib * MIB,
  peakBytes: mib * MIB,
  busySinceMs: busy ? AT_MS - 60_000 : null,
  stateSinceMs: AT_MS - 60_000
});

const start = (serverId = 'server-1', atMs = AT_MS - 600_000): FlightRecord => ({
  kind: 'start',
  atMs,
  boot: 'b',
  serverId
});

function summary(
  share: number,
  atMs: number,
  kernels: FlightKernel[],
  more: Partial<Extract<FlightRecord, { kind: 'summary' }>> = {}
): FlightRecord {
  return {
    kind: 'summary',
    atMs,
    memory: memory(Math.round(share * LIMIT), atMs),
    limitBytes: LIMIT,
    limitSource: 'cgroup',
    oomGroup: true,
    peakBytes: LIMIT,
    kernelsUnreclaimableBytes: null,
    machineAvailableBytes: 40 * 1024 * MIB,
    machineTotalBytes: 64 * 1024 * MIB,
    kernels,
    ...more
  };
}

const beat = (share: number, atMs: number): FlightRecord => ({
  kind: 'heartbeat',
  atMs,
  unreclaimableBytes: Math.round(share * LIMIT)
});

const BOTH = [kernel('small', 100, false), kernel('large', 900, true)];

describe('explainLastRun', () => {
  it('names memory, the time of the last sign of life, and who held most', () => {
    const death = explainLastRun(
      [start(), summary(0.9, AT_MS - 500, BOTH), beat(0.97, AT_MS)],
      AT_MS + 30_000
    );
    expect(death).toMatchObject({
      atMs: AT_MS,
      verdict: { cause: 'container-killed', memory: 'yes' },
      evidence: { kernel: { kernelId: 'large', state: 'busy' }, busyForMs: 60_000, diedTogether: ['small'] }
    });
    expect(death?.verdict.proofs[0]).toMatchObject({ kind: 'last-sample', atMs: AT_MS });
    expect(v.parse(Death, death)).toEqual(death);
  });

  it('gives the runner what the container grew by since the kernels were measured', () => {
    const kernels = [kernel('big-idle', 900, false), kernel('runaway', 300, true)];
    const death = explainLastRun(
      [
        start(),
        summary(0.8, AT_MS - 900, kernels, { kernelsUnreclaimableBytes: 0.6 * LIMIT }),
        beat(0.99, AT_MS)
      ],
      AT_MS
    );
    expect(death?.evidence.kernel.kernelId).toBe('runaway');
    expect(death?.verdict.heldBytes).toBe(300 * MIB + Math.round(0.99 * LIMIT) - 0.6 * LIMIT);
  });

  it('believes the measured growth more than who was said to run', () => {
    const at = (holderMib: number): FlightKernel[] => [
      kernel('sleeps-in-a-cell', 160, true),
      kernel('holder', holderMib, false)
    ];
    const death = explainLastRun(
      [
        start(),
        summary(0.2, AT_MS - 1900, at(60), { kernelsUnreclaimableBytes: 0.2 * LIMIT }),
        summary(0.4, AT_MS - 900, at(320), { kernelsUnreclaimableBytes: 0.4 * LIMIT }),
        beat(0.99, AT_MS)
      ],
      AT_MS
    );
    expect(death?.evidence.kernel.kernelId).toBe('holder');
    expect(death?.verdict.heldBytes).toBe(320 * MIB + Math.round(0.99 * LIMIT) - 0.4 * LIMIT);
  });

  it('counts no byte twice that a slow sample found in a kernel after it had read the container', () => {
    const death = explainLastRun(
      [
        start(),
        summary(0.5, AT_MS - 100, [kernel('runaway', 1800, true)], {
          kernelsUnreclaimableBytes: 0.5 * LIMIT
        }),
        beat(0.99, AT_MS)
      ],
      AT_MS
    );
    expect(death?.verdict.heldBytes).toBe(Math.round(0.99 * LIMIT));
  });

  it('says "not memory" of a container that was calm to its end', () => {
    const death = explainLastRun(
      [
        start(),
        summary(0.3, AT_MS - 50_000, BOTH),
        ...[4, 3, 2, 1, 0].map(i => beat(0.3, AT_MS - i * 10_000))
      ],
      AT_MS
    );
    expect(death?.verdict).toMatchObject({ cause: 'container-stopped', memory: 'no' });
  });

  it('does not take slow growth between rare signs of life for a runaway', () => {
    const death = explainLastRun([start(), summary(0.5, AT_MS - 10_000, BOTH), beat(0.7, AT_MS)], AT_MS);
    expect(death?.verdict.cause).toBe('container-stopped');
  });

  it('draws a runaway on to the limit, with doubt', () => {
    const records = [start(), summary(0.4, AT_MS - 1000, BOTH), beat(0.5, AT_MS - 500), beat(0.7, AT_MS)];
    expect(explainLastRun(records, AT_MS)?.verdict).toMatchObject({
      cause: 'container-killed',
      confidence: 'medium'
    });
  });

  it('counts a kernel and its container in one shortage as the container', () => {
    const death = explainLastRun(
      [
        start(),
        summary(0.99, AT_MS - 300, [kernel('only', 1500, true)]),
        { kind: 'death', atMs: AT_MS - 100, kernelId: 'only' },
        beat(0.2, AT_MS)
      ],
      AT_MS
    );
    expect(death).toMatchObject({
      verdict: { cause: 'container-killed' },
      evidence: { kernel: { kernelId: 'only' } }
    });
  });

  it('leaves out a kernel that had died long before', () => {
    const death = explainLastRun(
      [
        start(),
        summary(0.4, AT_MS - 40_000, BOTH),
        { kind: 'death', atMs: AT_MS - 30_000, kernelId: 'large' },
        beat(0.1, AT_MS)
      ],
      AT_MS
    );
    expect(death?.evidence.kernel.kernelId).toBe('small');
  });

  it.each<[string, FlightRecord[]]>([
    ['no records', []],
    ['a clean stop', [start(), summary(0.99, AT_MS - 5, BOTH), { kind: 'clean-stop', atMs: AT_MS }]],
    [
      'a clean stop and a late sign of life',
      [start(), summary(0.9, 5, BOTH), { kind: 'clean-stop', atMs: 6 }, beat(0.9, 7)]
    ],
    ['no kernels', [start(), summary(0.99, AT_MS, [])]],
    ['no summary yet', [start(), beat(0.2, AT_MS)]]
  ])('explains nothing after %s', (_what, records) => expect(explainLastRun(records, AT_MS)).toBeNull());

  it('goes on over a companion that crashed and came back to the same server', () => {
    const death = explainLastRun(
      [start(), summary(0.97, AT_MS - 3000, BOTH), start('server-1', AT_MS - 1000)],
      AT_MS
    );
    expect(death?.verdict.cause).toBe('container-killed');
  });

  it('does not mix two servers, nor lets the clean stop of the first speak for the second', () => {
    const first = [
      start('server-0'),
      summary(0.99, AT_MS - 9000, BOTH),
      { kind: 'clean-stop', atMs: 1 } as const
    ];
    expect(explainLastRun([...first, start('server-1')], AT_MS)).toBeNull();
    const death = explainLastRun(
      [...first, start('server-1'), summary(0.2, AT_MS, [kernel('new', 50, false)])],
      AT_MS
    );
    expect(death?.evidence.kernel.kernelId).toBe('new');
  });

  it('is never in the future, whatever clock wrote the records', () => {
    expect(explainLastRun([start(), summary(0.5, AT_MS + 9e9, BOTH)], AT_MS)?.atMs).toBe(AT_MS);
  });

  it('makes a death that the protocol carries of any records', () => {
    const records = fc.array(
      fc.oneof(
        fc.constantFrom(start('a'), start('b'), { kind: 'clean-stop' as const, atMs: AT_MS }),
        fc
          .tuple(fc.double({ min: 0, max: 2, noNaN: true }), fc.nat({ max: 100_000 }))
          .map(([s, t]) => beat(s, AT_MS + t)),
        fc
          .tuple(fc.double({ min: 0, max: 2, noNaN: true }), fc.nat({ max: 100_000 }), fc.subarray(BOTH))
          .map(([s, t, kernels]) => summary(s, AT_MS + t, kernels, { kernelsUnreclaimableBytes: 5 }))
      )
    );
    fc.assert(
      fc.property(records, fc.nat(), (list, nowMs) => {
        const death = explainLastRun(list, nowMs);
        if (death) {
          expect(v.parse(Death, death)).toEqual(death);
          expect(death.atMs).toBeLessThanOrEqual(nowMs);
        }
      }),
      { numRuns: 2000 }
    );
  });
});
