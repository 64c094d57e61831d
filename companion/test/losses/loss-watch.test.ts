import type { CheckpointOutcome } from '@labkeeper/core';
import type { Kernel, KernelLoss, Reclaim } from '@labkeeper/protocol';
import type { IKernelAsker, Inspection } from '../../src/losses/kernel-asker.js';
import { LossWatch, type VariablesMode } from '../../src/losses/loss-watch.js';
import { FakeClock } from '../fake-clock.js';

/** A kernel that answers when it is told to. */
class ScriptedAsker implements IKernelAsker {
  asked = 0;
  readonly ran: string[] = [];
  answer: Inspection | null = null;
  outcome: CheckpointOutcome | null = { is: 'done' };

  inspect(): Promise<Inspection> {
    this.asked += 1;
    return this.answer ? Promise.resolve(this.answer) : new Promise(resolve => (this.reply = resolve));
  }

  run(code: string): Promise<CheckpointOutcome> {
    this.ran.push(code);
    return this.outcome ? Promise.resolve(this.outcome) : new Promise(resolve => (this.end = resolve));
  }

  reply: (answer: Inspection) => void = () => undefined;
  end: (outcome: CheckpointOutcome) => void = () => undefined;
}

class Scene {
  constructor(mode: VariablesMode = 'notice') {
    this.watch = new LossWatch({
      clock: this.clock,
      mode: () => mode,
      kernels: () => this.kernels,
      memoryOf: () => 1.2e9,
      asker: ({ pid }) => (pid === null ? null : this.asker),
      changed: losses => (this.told = losses)
    });
    this.be('idle');
  }

  readonly clock = new FakeClock();
  readonly asker = new ScriptedAsker();
  readonly watch: LossWatch;
  kernels: Kernel[] = [];
  told: readonly KernelLoss[] = [];

  be(state: string, pid: number | null = 7): void {
    this.kernels = [
      {
        ...{ kernelId: 'k', pid, kernelName: 'python3', path: 'a.ipynb', title: 'a.ipynb' },
        ...{ owner: 'notebook', state, stateSinceMs: this.clock.wallMs() }
      }
    ];
    this.watch.kernelsChanged();
  }

  notice(more: Partial<Reclaim> = {}, withCheckpoints = false): void {
    const givenAtMs = this.clock.wallMs();
    this.watch.noticed(
      [
        {
          ...{ id: 'n', kind: 'reclaim', givenAtMs, deadlineMs: givenAtMs + 60_000 },
          ...{ source: 'test', withdrawn: false },
          ...more
        }
      ],
      withCheckpoints
    );
  }

  known(name = 'df'): Inspection {
    const items = [{ name, type: 'DataFrame', bytes: 3e9 }];
    return { is: 'known', variables: { asOfMs: this.clock.wallMs(), items, count: 1 } };
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      this.clock.advance(250);
      await new Promise(setImmediate);
    }
  }

  get loss(): KernelLoss | undefined {
    return this.told[0];
  }
}

describe('What will be lost', () => {
  it('is asked of an idle kernel at a notice, not before, and told with its age', async () => {
    const scene = new Scene();
    await scene.pass(5000);
    expect(scene.asker.asked).toBe(0);
    scene.notice();
    expect(scene.loss).toMatchObject({ why: 'asking', variables: null, busy: false });
    scene.asker.reply(scene.known());
    await scene.pass(1000);
    expect(scene.loss?.variables?.items[0]?.name).toBe('df');
    await scene.pass(30_000);
    expect(scene.asker.asked).toBe(1);
  });

  it('is not asked of a busy kernel, which is told by its memory, and asked when it is idle', async () => {
    const scene = new Scene();
    scene.be('busy');
    scene.notice();
    await scene.pass(10_000);
    expect(scene.asker.asked).toBe(0);
    expect(scene.loss).toMatchObject({ busy: true, why: 'busy' });
    expect(scene.loss?.memoryBytes).toBeCloseTo(1.2e9, -8);
    scene.be('idle');
    expect(scene.asker.asked).toBe(1);
  });

  it('is asked again after a cell, not after our own question', async () => {
    const scene = new Scene();
    scene.notice();
    scene.be('busy');
    scene.asker.reply(scene.known());
    await scene.pass(250);
    scene.be('idle');
    await scene.pass(10_000);
    expect(scene.asker.asked).toBe(1);
    scene.be('busy');
    await scene.pass(1000);
    scene.be('idle');
    await scene.pass(500);
    expect(scene.asker.asked).toBe(2);
  });

  it('is kept from the last idle moment where ends are to be expected', async () => {
    const scene = new Scene('idle');
    scene.asker.answer = scene.known();
    await scene.pass(2000);
    expect(scene.asker.asked).toBe(1);
    expect(scene.told).toEqual([]);
    const { asOfMs } = (scene.asker.answer as { variables: { asOfMs: number } }).variables;
    await scene.pass(1000);
    scene.be('busy');
    await scene.pass(60_000);
    scene.notice();
    expect(scene.loss).toMatchObject({ busy: true, variables: { asOfMs } });
    expect(scene.asker.asked).toBe(1);
  });

  it('is asked in time where the clock is set back', async () => {
    const scene = new Scene('idle');
    scene.clock.stepWall(-3600_000);
    scene.asker.answer = { is: 'no-answer' };
    await scene.pass(2000);
    expect(scene.asker.asked).toBe(1);
    scene.clock.stepWall(-3600_000);
    scene.notice();
    await scene.pass(30_000);
    expect(scene.asker.asked).toBe(2);
  });

  it('costs no timer while nothing happens', async () => {
    const scene = new Scene('idle');
    scene.asker.answer = scene.known();
    await scene.pass(5000);
    expect(scene.clock.pending).toBe(0);
  });

  it.each([['off'], ['notice'], ['idle']] as const)(
    'is not asked before culling, which it would prevent (%s)',
    async mode => {
      const scene = new Scene(mode);
      scene.notice({ kind: 'cull' });
      await scene.pass(10_000);
      expect(scene.asker.asked).toBe(0);
      expect(scene.loss?.why).toBe('not-asked');
    }
  );

  it('is nothing where memory is kept, and where the notice was withdrawn', async () => {
    const scene = new Scene();
    scene.notice({ kind: 'maintenance', memoryKept: true });
    expect(scene.told).toEqual([]);
    scene.notice();
    expect(scene.told).toHaveLength(1);
    scene.notice({ withdrawn: true });
    expect(scene.told).toEqual([]);
    await scene.pass(1000);
    expect(scene.clock.pending).toBe(0);
  });

  it('is not known of kernels elsewhere, of other languages, of silent ones and of new processes', async () => {
    const scene = new Scene();
    scene.be('idle', null);
    scene.notice();
    expect(scene.loss?.why).toBe('not-asked');
    scene.be('idle', 8);
    scene.asker.reply({ is: 'no-answer' });
    await scene.pass(1000);
    expect(scene.loss?.why).toBe('no-answer');
    await scene.pass(30_000);
    expect(scene.asker.asked).toBe(2);
    scene.asker.reply({ is: 'language' });
    await scene.pass(60_000);
    expect(scene.loss?.why).toBe('language');
    expect(scene.asker.asked).toBe(2);
    scene.be('idle', 9);
    expect(scene.loss?.why).toBe('asking');
  });
});

describe('Checkpoint cells', () => {
  const withCells = (): Scene => {
    const scene = new Scene();
    scene.asker.answer = scene.known();
    scene.watch.checkpoints('k', ['save()', 'push()']);
    return scene;
  };

  it('run once, in their order, after the variables were asked for', async () => {
    const scene = withCells();
    scene.notice();
    await scene.pass(2000);
    expect(scene.asker.ran).toEqual(['save()', 'push()']);
    expect(scene.loss?.checkpoint).toMatchObject({ cells: 2, state: 'done' });
    scene.be('busy');
    scene.be('idle');
    scene.notice({ deadlineMs: scene.clock.wallMs() + 5000 });
    await scene.pass(30_000);
    expect(scene.asker.ran).toHaveLength(2);
    expect(scene.loss?.checkpoint?.state).toBe('done');
  });

  it('wait for a busy kernel, and are late when it stays so', async () => {
    const scene = withCells();
    scene.be('busy');
    scene.notice({ deadlineMs: scene.clock.wallMs() + 3000 });
    await scene.pass(1000);
    expect(scene.loss?.checkpoint?.state).toBe('waiting');
    await scene.pass(3000);
    expect(scene.loss?.checkpoint?.state).toBe('late');
    scene.be('idle');
    await scene.pass(3000);
    expect(scene.asker.ran).toEqual([]);
  });

  it('run again when the kernel threw them away, and not when they may have run', async () => {
    const scene = withCells();
    scene.asker.outcome = null;
    scene.notice();
    await scene.pass(500);
    scene.asker.end({ is: 'aborted' });
    await scene.pass(1000);
    expect(scene.asker.ran).toEqual(['save()', 'save()']);
    scene.asker.end({ is: 'done' });
    await scene.pass(250);
    scene.asker.end({ is: 'aborted' });
    await scene.pass(5000);
    expect(scene.asker.ran).toEqual(['save()', 'save()', 'push()']);
    expect(scene.loss?.checkpoint).toMatchObject({ state: 'failed', problem: null });
  });

  it('stop at the first that fails', async () => {
    const scene = withCells();
    scene.asker.outcome = { is: 'failed', problem: 'OSError: full' };
    scene.notice();
    await scene.pass(5000);
    expect(scene.asker.ran).toEqual(['save()']);
    expect(scene.loss?.checkpoint).toMatchObject({ state: 'failed', problem: 'OSError: full' });
  });

  it('are done even when they end after the deadline, and late until then', async () => {
    const scene = withCells();
    scene.asker.outcome = null;
    scene.watch.checkpoints('k', ['save()']);
    scene.notice({ deadlineMs: scene.clock.wallMs() + 1000 });
    await scene.pass(2000);
    expect(scene.loss?.checkpoint?.state).toBe('late');
    scene.asker.end({ is: 'done' });
    await scene.pass(500);
    expect(scene.loss?.checkpoint?.state).toBe('done');
  });

  it('run in a trial only if asked for, and at none of the ends that leave no time', async () => {
    const scene = withCells();
    scene.notice({ kind: 'trial', id: 't1' });
    await scene.pass(1000);
    expect(scene.loss?.checkpoint?.state).toBe('not-run');
    scene.notice({ kind: 'cull', id: 'c' });
    await scene.pass(1000);
    scene.notice({ kind: 'stop', id: 's', deadlineMs: null });
    await scene.pass(1000);
    expect(scene.asker.ran).toEqual([]);
    scene.notice({ kind: 'trial', id: 't2' }, true);
    await scene.pass(1000);
    expect(scene.asker.ran).toEqual(['save()', 'push()']);
    scene.notice({ kind: 'trial', id: 't3' }, true);
    await scene.pass(1000);
    expect(scene.asker.ran).toHaveLength(4);
  });

  it('that still run for an earlier notice are not begun again by the next', async () => {
    const scene = withCells();
    scene.asker.outcome = null;
    scene.notice({ kind: 'trial', id: 't' }, true);
    await scene.pass(1000);
    scene.notice();
    await scene.pass(5000);
    expect(scene.asker.ran).toEqual(['save()']);
  });

  it('of a kernel that began anew are still known', async () => {
    const scene = withCells();
    scene.be('idle', 8);
    scene.notice();
    await scene.pass(1000);
    expect(scene.asker.ran).toHaveLength(2);
  });
});
