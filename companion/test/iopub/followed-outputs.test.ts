import { KernelExecutions, type Execution } from '@labkeeper/core';
import { FOLLOW_MS, FollowedOutputs } from '../../src/iopub/followed-outputs.js';
import type { IOutputsSink, OutputsMessage } from '../../src/iopub/outputs-parts.js';
import { FakeClock } from '../fake-clock.js';

const settled = () => new Promise(resolve => setImmediate(resolve));

/** A page that takes outputs when the test lets it. */
class Page implements IOutputsSink {
  readonly got: OutputsMessage[] = [];
  isThere = true;
  /** While set, what is sent waits. */
  slow: Promise<void> | null = null;

  async send(message: OutputsMessage): Promise<boolean> {
    await this.slow;
    this.got.push(message);
    return this.isThere;
  }

  /** The text that was sent last. */
  get text(): unknown {
    return JSON.parse(this.got.at(-1)?.part ?? '[]')[0]?.text;
  }
}

/** A cell of a page that is gone, which another one took over. */
class Scene {
  constructor() {
    this.kernel.expect('m', { run: 'run', c: 2 }, 0);
    this.says('status', { execution_state: 'busy' });
    this.says('execute_input', { execution_count: 5 });
  }

  get execution(): Execution {
    const execution = this.kernel.get('m');
    if (!execution) {
      throw new Error('It is not known.');
    }
    return execution;
  }

  says(type: string, content: Record<string, unknown>): void {
    const about = { parentId: 'm', parentType: 'execute_request', bytes: 10, memoryBytes: 10 };
    this.kernel.receive({ type, content, ...about }, this.clock.monotonicMs());
  }

  prints(text: string): void {
    this.says('stream', { name: 'stdout', text });
  }

  async passes(ms: number): Promise<void> {
    await settled();
    this.clock.advance(ms);
    await settled();
  }

  readonly clock = new FakeClock();
  readonly log: string[] = [];
  readonly followed = new FollowedOutputs({ clock: this.clock, log: line => void this.log.push(line) });
  readonly kernel = new KernelExecutions({
    limits: () => ({ headBytes: 1e7, tailBytes: 1e5 }),
    changed: execution => this.followed.changed(execution)
  });
}

describe('outputs of a cell that was taken over', () => {
  it('come whole at once, then when there is more, and at the end without a wait', async () => {
    const scene = new Scene();
    const page = new Page();
    scene.prints('one ');
    scene.followed.follow(scene.execution, 'k', 'new', page);
    await settled();
    expect(page.got).toMatchObject([
      { run: 'new', msgId: 'm', kernelId: 'k', c: 2, sum: null, executionCount: null, finished: false }
    ]);
    expect(page.text).toBe('one ');
    scene.prints('two ');
    scene.prints('three ');
    await settled();
    expect(page.got).toHaveLength(1);
    await scene.passes(FOLLOW_MS);
    expect(page.text).toBe('one two three ');
    await scene.passes(10 * FOLLOW_MS);
    expect(page.got).toHaveLength(2);
    scene.prints('end');
    scene.says('status', { execution_state: 'idle' });
    await scene.passes(0);
    expect(page.got.at(-1)).toMatchObject({ finished: true, executionCount: 5 });
    expect(page.text).toBe('one two three end');
    expect(scene.clock.pending).toBe(0);
  });

  it('are sent less often the longer they are', async () => {
    const scene = new Scene();
    const page = new Page();
    scene.prints('x'.repeat(1024 * 1024));
    scene.followed.follow(scene.execution, 'k', 'new', page);
    await settled();
    const first = page.got.length;
    scene.prints('!');
    await scene.passes(3 * FOLLOW_MS);
    expect(page.got).toHaveLength(first);
    await scene.passes(2 * FOLLOW_MS);
    expect(page.got.length).toBeGreaterThan(first);
  });

  it('do not pile up before a page that reads slowly', async () => {
    const scene = new Scene();
    const page = new Page();
    let read = (): void => undefined;
    page.slow = new Promise(resolve => (read = resolve));
    scene.followed.follow(scene.execution, 'k', 'new', page);
    for (let i = 0; i < 20; i += 1) {
      scene.prints('x');
      await scene.passes(FOLLOW_MS);
    }
    page.slow = null;
    read();
    await settled();
    await scene.passes(FOLLOW_MS);
    expect(page.got).toHaveLength(2);
    expect(page.text).toBe('x'.repeat(20));
  });

  it('go on without a word when the page begins its journal anew, and end with the page', async () => {
    const scene = new Scene();
    const page = new Page();
    scene.followed.follow(scene.execution, 'k', 'new', page);
    await settled();
    scene.followed.follow(scene.execution, 'k', 'newer', page);
    await settled();
    expect(page.got).toHaveLength(1);
    scene.prints('x');
    await scene.passes(FOLLOW_MS);
    expect(page.got.at(-1)?.run).toBe('newer');
    scene.prints('y');
    scene.followed.leave(page);
    await scene.passes(10 * FOLLOW_MS);
    expect(page.got).toHaveLength(2);
    expect(scene.clock.pending).toBe(0);
  });

  it('are finished, without a count, when the kernel is gone', async () => {
    const scene = new Scene();
    const page = new Page();
    scene.followed.follow(scene.execution, 'k', 'new', page);
    scene.kernel.lost(0);
    await scene.passes(0);
    await scene.passes(FOLLOW_MS);
    expect(page.got.at(-1)).toMatchObject({ finished: true, executionCount: null });
  });
});
