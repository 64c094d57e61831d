import { Verdict } from '@labkeeper/protocol';
import * as v from 'valibot';
import { judgeThrottle } from './judge-throttle.js';
import { ThrottleDetector, type IThrottledKernel, type IThrottleFinding } from './throttle-detector.js';

const KERNEL: IThrottledKernel = { kernelId: 'k', title: 'k.ipynb', busy: true, runnable: 80 };

interface IMoment {
  /** Share of throttled periods. */
  readonly share: number;
  readonly kernels?: readonly IThrottledKernel[];
  readonly quotaCores?: number | null;
  readonly periodsPerSecond?: number;
  readonly stepMs?: number;
}

/** A machine that is looked at every second. */
class Machine {
  constructor(private readonly detector = new ThrottleDetector()) {}

  run(seconds: number, moment: IMoment): IThrottleFinding | null {
    let finding: IThrottleFinding | null = null;
    for (let i = 0; i < seconds; i++) {
      const periods = moment.periodsPerSecond ?? 10;
      this.periods += periods;
      this.throttled += periods * moment.share;
      this.atMs += moment.stepMs ?? 1000;
      finding = this.detector.add({
        atMs: this.atMs,
        periods: this.periods,
        throttled: this.throttled,
        quotaCores: moment.quotaCores === undefined ? 0.5 : moment.quotaCores,
        kernels: moment.kernels ?? [KERNEL]
      });
    }
    return finding;
  }

  reset(): void {
    this.periods = 0;
    this.throttled = 0;
  }

  private atMs = 1_700_000_000_000;
  private periods = 0;
  private throttled = 0;
}

describe('ThrottleDetector', () => {
  it('finds a cell that was throttled for five minutes, and not before', () => {
    const machine = new Machine();
    expect(machine.run(299, { share: 0.9 })).toBeNull();
    const finding = machine.run(20, { share: 0.9 });
    expect(finding).toMatchObject({ kernelId: 'k', threads: 80, quotaCores: 0.5, cause: 'threads' });
    expect(finding?.share).toBeCloseTo(0.9);
    expect(finding?.forMs).toBeGreaterThanOrEqual(300_000);
  });

  it.each<[string, IMoment]>([
    ['throttled rarely', { share: 0.4 }],
    ['nothing is running', { share: 0.9, kernels: [{ ...KERNEL, busy: false }] }],
    ['there are no kernels', { share: 0.9, kernels: [] }],
    ['there is no quota', { share: 0.9, quotaCores: null }],
    ['the container hardly runs', { share: 1, periodsPerSecond: 1 }]
  ])('finds nothing when %s', (_what, moment) => expect(new Machine().run(900, moment)).toBeNull());

  it('finds nothing where a quiet spell lies between', () => {
    const machine = new Machine();
    machine.run(280, { share: 0.9 });
    machine.run(30, { share: 0 });
    expect(machine.run(280, { share: 0.9 })).toBeNull();
  });

  it('finds nothing for many short cells, however throttled', () => {
    const machine = new Machine();
    for (let i = 0; i < 60; i++) {
      machine.run(9, { share: 0.9 });
      expect(machine.run(1, { share: 0.9, kernels: [{ ...KERNEL, busy: false }] })).toBeNull();
    }
  });

  it('ends when the cell ends', () => {
    const machine = new Machine();
    expect(machine.run(330, { share: 0.9 })).not.toBeNull();
    expect(machine.run(1, { share: 0.9, kernels: [{ ...KERNEL, busy: false }] })).toBeNull();
  });

  it('begins anew after sleep, and after counters of another container', () => {
    const slept = new Machine();
    slept.run(290, { share: 0.9 });
    slept.run(1, { share: 0.9, stepMs: 3_600_000 });
    expect(slept.run(200, { share: 0.9 })).toBeNull();
    const moved = new Machine();
    moved.run(290, { share: 0.9 });
    moved.reset();
    expect(moved.run(200, { share: 0.9 })).toBeNull();
  });

  it.each<[string, Partial<IThrottledKernel>, number, 'threads' | 'small-quota']>([
    ['64 threads want to run on 2 cores', { runnable: 64 }, 2, 'threads'],
    ['one thread wants more than half a core', { runnable: 1 }, 0.5, 'small-quota'],
    ['two want to run on 2.5 cores', { runnable: 2 }, 2.5, 'small-quota'],
    ['nobody looked at the threads', { runnable: null }, 0.5, 'small-quota']
  ])('says why: %s', (_what, kernel, quotaCores, cause) => {
    const finding = new Machine().run(330, { share: 0.9, quotaCores, kernels: [{ ...KERNEL, ...kernel }] });
    expect(finding?.cause).toBe(cause);
  });

  it('counts the threads over the whole time, not at one moment', () => {
    const machine = new Machine();
    const look = (runnable: number): IThrottleFinding | null =>
      machine.run(1, { share: 0.9, kernels: [{ ...KERNEL, runnable }] });
    let finding = null;
    for (let i = 0; i < 330; i += 1) {
      // A thread that computes, and now and then one of the kernel's own that answers a heartbeat.
      finding = look(i % 10 === 9 ? 3 : 1);
    }
    expect(finding).toMatchObject({ threads: 1, cause: 'small-quota' });
  });

  it('names the kernel with most threads', () => {
    const finding = new Machine().run(330, {
      share: 0.9,
      kernels: [{ ...KERNEL, kernelId: 'few', runnable: 20 }, KERNEL]
    });
    expect(finding?.kernelId).toBe('k');
  });
});

describe('judgeThrottle', () => {
  const FINDING: IThrottleFinding = {
    kernelId: 'k',
    title: 'k.ipynb',
    share: 0.9,
    forMs: 300_000,
    threads: 64,
    quotaCores: 0.5,
    cause: 'threads'
  };

  it('says which variable to set, to no less than 1', () => {
    const verdict = judgeThrottle(FINDING);
    expect(v.parse(Verdict, verdict)).toEqual(verdict);
    expect(verdict.advice[0]).toEqual({ kind: 'set-threads', variable: 'OMP_NUM_THREADS', value: 1 });
    expect(judgeThrottle({ ...FINDING, quotaCores: 3.7 }).advice[0]).toMatchObject({ value: 3 });
  });

  it('does not blame threads where the quota is small', () => {
    const kinds = judgeThrottle({ ...FINDING, cause: 'small-quota' }).advice.map(({ kind }) => kind);
    expect(kinds).toEqual(['bigger-tier']);
  });

  it('is never certain, and shows no number of threads that it does not know', () => {
    expect(judgeThrottle(FINDING).confidence).toBe('high');
    const verdict = judgeThrottle({ ...FINDING, threads: null, cause: 'small-quota' });
    expect(verdict.confidence).toBe('medium');
    expect(verdict.proofs.map(({ kind }) => kind)).toEqual(['throttled']);
  });
});
