import { Executions } from '../../src/iopub/executions.js';
import type { ISubscriptionEvents } from '../../src/iopub/kernel-subscription.js';
import type { OutputsMessage } from '../../src/iopub/outputs-parts.js';
import type { LeftEnd } from '../../src/recovery/left-outputs.js';
import type { IToldPart } from '../../src/recovery/outputs-lines.js';
import { HandOver, type IHandOverPage } from '../../src/save/hand-over.js';
import { FakeClock } from '../fake-clock.js';

const HASH = 'a'.repeat(64);

/** A run with one cell that still runs (4) and one that has ended (2), and a reader that tells what the test says. */
class Scene {
  constructor() {
    for (const [msgId, c] of [
      ['ended', 2],
      ['runs', 4]
    ] as const) {
      this.executions.executing({ run: 'run', kernelId: 'k', msgId, c });
      this.says(msgId, 'busy');
    }
    this.says('ended', 'idle');
    this.executions.pageGone('run');
  }

  async send(...told: readonly Pick<IToldPart, 'c' | 'asked'>[]): Promise<string> {
    const handOver = new HandOver<IHandOverPage>({
      executions: this.executions,
      log: line => void this.log.push(line),
      read: async (_, asked, tell) => {
        this.asked = asked;
        for (const cell of told) {
          const part = { at: 0, more: false, part: '[]' };
          await tell({
            kind: 'part',
            id: 'x',
            sum: 1,
            newSource: null,
            executionCount: null,
            ...part,
            ...cell
          });
        }
        return this.end;
      }
    });
    return (await handOver.send('run', 'a.ipynb', this.page)).kind;
  }

  private says(parentId: string, execution_state: string): void {
    const about = { parentType: 'execute_request', bytes: 1, memoryBytes: 1 };
    this.kernel?.message({ type: 'status', parentId, content: { execution_state }, ...about });
  }

  readonly messages: OutputsMessage[] = [];
  readonly ends: object[] = [];
  readonly log: string[] = [];
  asked: readonly number[] = [];
  end: LeftEnd = { kind: 'told', hash: HASH, rest: false, again: false };
  readonly page: IHandOverPage = {
    send: message => Promise.resolve(this.messages.push(message) > 0),
    sendEnd: end => Promise.resolve(this.ends.push(end) > 0)
  };
  private kernel: ISubscriptionEvents | null = null;
  readonly executions = new Executions({
    clock: new FakeClock(),
    connectionFile: () => 'file',
    record: () => true,
    subscribe: (_, events) => {
      this.kernel = events;
      return { dispose: () => undefined };
    }
  });
}

describe('a hand-over', () => {
  it('names the requests of cells that are still known, and ends with the file they belong to', async () => {
    const scene = new Scene();
    expect(await scene.send({ c: 0, asked: null }, { c: 2, asked: 2 }, { c: 5, asked: 4 })).toBe('sent');
    expect(scene.asked).toEqual([2, 4]);
    expect(scene.messages).toMatchObject([
      { run: 'run', c: 0, msgId: null, kernelId: null, finished: true },
      { run: 'run', c: 2, msgId: 'ended', kernelId: 'k', finished: true },
      { run: 'run', c: 5, msgId: 'runs', kernelId: 'k', finished: false }
    ]);
    expect(scene.ends).toEqual([{ run: 'run', path: 'a.ipynb', hash: HASH, rest: false }]);
  });

  it('has no end where the file was just written, or is another one', async () => {
    const scene = new Scene();
    scene.end = { kind: 'told', hash: HASH, rest: false, again: true };
    expect(await scene.send()).toBe('later');
    scene.end = { kind: 'unknown', detail: 'why' };
    expect(await scene.send()).toBe('unknown');
    expect(scene.ends).toEqual([]);
    expect(scene.log).toEqual(['Outputs of a.ipynb cannot be handed over: why']);
  });
});
