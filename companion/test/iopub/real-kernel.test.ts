import { existsSync } from 'node:fs';
import { readLeftOut, type Json } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';
import { systemClock } from '../../src/clock.js';
import { Executions } from '../../src/iopub/executions.js';
import type { SubscriptionState } from '../../src/iopub/kernel-subscription.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { collectedOf, type ICollected } from './collected.js';
import { kernelsMissing, RealKernel } from './real-kernel.js';

/** Nothing here has a carriage return, which nbclient leaves as it is. */
const CELLS = [
  'print("one")\nprint("two")\nprint("ä字😀")',
  'import sys\nprint("out"); sys.stdout.flush()\nprint("err", file=sys.stderr); sys.stderr.flush()\nprint("out")',
  'from IPython.display import display, clear_output, HTML, update_display\n1 + 1',
  'handle = display(HTML("<b>first</b>"), display_id="shown"); print("after")',
  'print("a"); clear_output(); print("b"); clear_output(wait=True); print("c"); display({"x": 1})',
  'update_display(HTML("<b>second</b>"), display_id="shown"); display("again", display_id="shown")',
  'class Rich:\n  def _repr_mimebundle_(self, **_):\n    return {"text/plain": "p", "application/json": {"a": [1, 2]}}, {"m": 1}\nRich()',
  '',
  'pass',
  'raise ValueError("no")',
  'print("last")'
];

const missing = kernelsMissing();
if (missing) {
  console.log(missing);
}

/** A kernel, executions that listen to it, and a page that went away before anything ran. */
class Scene {
  static async start(transport: 'tcp' | 'ipc' = 'tcp'): Promise<Scene> {
    const folder = scratch();
    const scene = new Scene(await RealKernel.start(folder.path, transport), folder);
    scene.executions.watch('run', 'k');
    await until(() => scene.state?.is === 'subscribed');
    scene.executions.pageGone('run');
    return scene;
  }

  constructor(
    readonly kernel: RealKernel,
    private readonly folder: ReturnType<typeof scratch>
  ) {
    this.executions = new Executions({
      clock: systemClock,
      connectionFile: () => kernel.path,
      record: (_, records) => this.records.push(...records) > 0,
      connectionChanged: (_, state) => {
        this.states.push(state.is);
        this.state = state;
      }
    });
  }

  readonly executions: Executions;
  readonly records: JournalRecord[] = [];
  readonly states: string[] = [];
  state: SubscriptionState | null = null;

  async execute(codes: readonly string[], stopOnError = true): Promise<string[]> {
    const msgIds = await this.kernel.execute(codes, stopOnError);
    msgIds.forEach((msgId, c) => this.executions.executing({ run: 'run', kernelId: 'k', msgId, c }));
    return msgIds;
  }

  /** What is held, when all of it is recorded. */
  collected(): readonly ICollected[] {
    this.executions.flush();
    return collectedOf(this.executions, 'run');
  }

  /** Whether the end of cell `c` is recorded. */
  ended(c: number, count: number | null): boolean {
    return this.records.some(record => record.t === 'exec' && record.c === c && record.v === count);
  }

  async stop(): Promise<void> {
    this.executions.dispose();
    await this.kernel.stop();
    this.folder.remove();
  }
}

/** Outputs as any reader takes them: texts of the same stream in a row are one. */
function joined(outputs: readonly Json[]): Json[] {
  const result: Json[] = [];
  for (const output of outputs) {
    const last = result.at(-1);
    if (output['output_type'] === 'stream' && last && last['name'] === output['name']) {
      result[result.length - 1] = { ...last, text: `${String(last['text'])}${String(output['text'])}` };
    } else {
      // A traceback names the file of the cell, which is another in every process.
      result.push(output['output_type'] === 'error' ? { ...output, traceback: null } : output);
    }
  }
  return result;
}

/** What a reader of the journal makes of its records. */
function replayed(records: readonly JournalRecord[], c: number): Json[] {
  let outputs: Json[] = [];
  for (const record of records) {
    if (record.t === 'out' && record.c === c) {
      outputs = [...outputs.slice(0, record.from), ...record.v];
    } else if (record.t === 'app' && record.c === c) {
      const text = String(outputs[record.i]?.['text']).slice(0, record.at) + record.v;
      outputs = outputs.map((output, i) => (i === record.i ? { ...output, text } : output));
    }
  }
  return outputs;
}

(missing ? describe.skip : describe)('with a real kernel', () => {
  let scene: Scene;

  afterEach(() => scene.stop());

  it.each(['tcp', 'ipc'] as const)(
    'outputs and counts over %s are those that nbclient gets',
    async transport => {
      scene = await Scene.start(transport);
      const msgIds = await scene.execute(CELLS, false);
      await scene.kernel.wait(msgIds);
      await until(() => scene.ended(CELLS.length - 1, CELLS.length - 1));
      const expected = await scene.kernel.nbclient(CELLS);
      const collected = scene.collected();
      // nbclient does not execute empty cells, and the kernel says nothing of them.
      const shown = [...expected.entries()].filter(([c]) => CELLS[c] !== '');
      for (const [c, [count, outputs]] of shown) {
        const cell = collected.find(each => each.c === c);
        expect([c, cell?.finished, cell?.executionCount]).toEqual([c, true, count]);
        expect([c, joined(cell?.outputs ?? [])]).toEqual([c, joined(outputs)]);
        expect([c, replayed(scene.records, c)]).toEqual([c, cell?.outputs]);
      }
    },
    60_000
  );

  it('cells after an error that are not executed are not waited for', async () => {
    scene = await Scene.start();
    const msgIds = await scene.execute(['1/0', 'print("b")', 'print("c")']);
    expect(await scene.kernel.wait(msgIds)).toEqual(['error', 'aborted', 'aborted']);
    await until(() => scene.ended(2, null));
    expect(
      scene
        .collected()
        .map(({ c, outputs, finished, executionCount }) => [c, outputs.length, finished, executionCount])
    ).toEqual([
      [0, 1, true, 1],
      [1, 0, true, null],
      [2, 0, true, null]
    ]);
  }, 60_000);

  it('a restart in the middle cuts what runs, and what comes after is heard', async () => {
    scene = await Scene.start();
    await scene.execute(['import time\nprint("before", flush=True)\ntime.sleep(600)', 'print("never")']);
    await until(() => {
      scene.executions.flush();
      return JSON.stringify(replayed(scene.records, 0)).includes('before');
    });
    await scene.kernel.ask('restart');
    await until(() => scene.states.filter(state => state === 'subscribed').length >= 2);
    expect(existsSync(scene.kernel.path)).toBe(true);
    expect(replayed(scene.records, 0)).toEqual([{ output_type: 'stream', name: 'stdout', text: 'before\n' }]);
    const [msgId] = await scene.kernel.execute(['print("after")']);
    scene.executions.executing({ run: 'run', kernelId: 'k', msgId: String(msgId), c: 5 });
    await until(() => scene.ended(5, 1));
    expect(replayed(scene.records, 5)).toEqual([{ output_type: 'stream', name: 'stdout', text: 'after\n' }]);
    expect(scene.collected().map(({ c, finished, executionCount }) => [c, finished, executionCount])).toEqual(
      [
        [0, true, null],
        [5, true, 1]
      ]
    );
  }, 60_000);

  it('a kernel that is killed leaves what it said', async () => {
    scene = await Scene.start();
    await scene.execute(['import time\nprint("before", flush=True)\ntime.sleep(600)']);
    await until(() => {
      scene.executions.flush();
      return scene.records.length > 0 && JSON.stringify(scene.records).includes('before');
    });
    await scene.kernel.ask('kill');
    await until(() => scene.state?.is === 'connecting');
    expect(scene.collected()).toEqual([
      {
        c: 0,
        outputs: [{ output_type: 'stream', name: 'stdout', text: 'before\n' }],
        executionCount: null,
        finished: true
      }
    ]);
  }, 60_000);

  it('a kernel that is shut down is over', async () => {
    scene = await Scene.start();
    await scene.execute(['import time\nprint("before", flush=True)\ntime.sleep(600)', 'print("never")']);
    await scene.kernel.ask('shutdown');
    await until(() => scene.state?.is === 'over');
    expect(existsSync(scene.kernel.path)).toBe(false);
    expect(scene.executions.listeningCount).toBe(0);
  }, 60_000);

  it('a message that is too long is left out, and its cell says so', async () => {
    scene = await Scene.start();
    const msgIds = await scene.execute([
      'from IPython.display import display, HTML\nprint("a")\ndisplay(HTML("x" * 20_000_000))\nprint("b")'
    ]);
    await scene.kernel.wait(msgIds);
    await until(() => scene.ended(0, 1), 30_000);
    const [cell] = scene.collected();
    expect(cell?.outputs?.map(readLeftOut)).toEqual([null, { bytes: expect.any(Number), exact: true }, null]);
    expect(readLeftOut(cell?.outputs?.[1] ?? {})?.bytes).toBeGreaterThan(20_000_000);
  }, 60_000);

  it('a kernel that encrypts is left alone, and why is said', async () => {
    const folder = scratch();
    const kernel = await RealKernel.start(folder.path, 'tcp', 'required');
    scene = new Scene(kernel, folder);
    scene.executions.watch('run', 'k');
    await until(() => scene.state !== null);
    expect(scene.state).toMatchObject({ is: 'connecting', trouble: 'encrypted' });
  }, 60_000);
});
