import { busy, clear, idle, input, iopub, print, show, update } from './iopub.test.data.js';
import { KernelExecutions, readLeftOut, type Execution, type IIopubMessage, type Json } from './index.js';

/** The executions of a kernel in a test; time stands still unless it is moved. */
class Kernel {
  nowMs = 0;
  readonly changed: string[] = [];
  readonly executions = new KernelExecutions({
    limits: () => ({ headBytes: 1e6, tailBytes: 1e4 }),
    changed: ({ msgId }) => this.changed.push(msgId)
  });

  /** A page says that this request is for cell `c`. */
  expect(msgId: string, c: number, run = 'run'): void {
    this.executions.expect(msgId, { run, c }, this.nowMs);
  }

  says(...messages: IIopubMessage[]): void {
    messages.forEach(message => this.executions.receive(message, this.nowMs));
  }

  of(msgId: string): Execution | undefined {
    return [...this.executions.all].find(execution => execution.msgId === msgId);
  }

  outputs(msgId: string): Json[] | undefined {
    return this.of(msgId)?.outputs.toJSON();
  }
}

const stream = (text: string) => ({ output_type: 'stream', name: 'stdout', text });
const data = (text: string) => ({ output_type: 'display_data', data: { 'text/plain': text }, metadata: {} });
const STARTING = iopub('status', { execution_state: 'starting' }, null);

describe('the executions of a kernel', () => {
  it('follow a cell from its request to its end', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    expect(kernel.of('a')).toMatchObject({ state: 'waiting', place: { run: 'run', c: 1 } });
    kernel.says(busy(), input(7), print('hello'));
    expect(kernel.of('a')).toMatchObject({ state: 'running', sawStart: true, executionCount: 7 });
    expect(kernel.executions.isPending).toBe(true);
    kernel.says(idle());
    expect(kernel.of('a')).toMatchObject({ state: 'finished', isOver: true });
    expect(kernel.executions.isPending).toBe(false);
    expect(kernel.outputs('a')).toEqual([stream('hello')]);
  });

  it('keep what comes before a page has said whose it is', () => {
    const kernel = new Kernel();
    kernel.says(busy(), input(7), print('hello'));
    expect(kernel.changed).toEqual([]);
    kernel.nowMs = 270;
    kernel.expect('a', 1);
    expect(kernel.changed).toEqual(['a']);
    kernel.says(print(' world'), idle());
    expect(kernel.outputs('a')).toEqual([stream('hello world')]);
    expect(kernel.of('a')?.sawStart).toBe(true);
  });

  it('give up what nobody claims, and do not begin it anew', () => {
    const kernel = new Kernel();
    kernel.says(busy('console'), print('x', 'console'));
    kernel.nowMs = 10_000;
    kernel.says(print('y', 'console'), busy('other'));
    expect(kernel.of('console')).toBeUndefined();
    kernel.says(print('z', 'console'));
    expect(kernel.of('console')).toBeUndefined();
  });

  it('hold only so much that nobody claims', () => {
    const kernel = new Kernel();
    for (let i = 0; i < 1000; i += 1) {
      kernel.says(busy(`c${i}`), print('x'.repeat(100_000), `c${i}`), idle(`c${i}`));
    }
    const all = [...kernel.executions.all];
    expect(all.length).toBeLessThan(100);
    expect(all.reduce((sum, { outputs }) => sum + outputs.bytes, 0)).toBeLessThan(10e6);
    expect(kernel.of('c999')).toBeDefined();
  });

  it('say that the beginning is missing when they came too late', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    kernel.says(print('second'));
    expect(kernel.of('a')?.sawStart).toBe(false);
    expect(kernel.outputs('a')?.map(readLeftOut)).toEqual([{ bytes: 0, exact: false }, null]);
  });

  it('forget those before one that runs: a kernel takes requests in order', () => {
    const kernel = new Kernel();
    kernel.expect('missed', 1);
    kernel.expect('elsewhere', 1, 'another run');
    kernel.expect('a', 2);
    kernel.expect('b', 3);
    kernel.says(busy('a'));
    expect([...kernel.executions.all].map(({ msgId }) => msgId)).toEqual(['elsewhere', 'a', 'b']);
  });

  it('forget the earlier execution of a cell that is executed again', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    kernel.says(busy(), print('old'));
    kernel.expect('b', 1);
    kernel.says(print('older'), idle(), busy('b'), print('new', 'b'));
    expect(kernel.of('a')).toBeUndefined();
    expect(kernel.outputs('b')).toEqual([stream('new')]);
  });

  it('take the same request twice as one', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    kernel.says(busy(), print('x'));
    kernel.expect('a', 1);
    expect(kernel.outputs('a')).toEqual([stream('x')]);
  });

  it('hand an update of a display to every cell that shows it, whoever sends it', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    kernel.expect('b', 2);
    kernel.says(
      busy('a'),
      show('1', 'x', 'a'),
      idle('a'),
      busy('b'),
      show('2', 'x', 'b'),
      show('3', 'y', 'b')
    );
    expect(kernel.outputs('a')).toEqual([data('2')]);
    kernel.changed.length = 0;
    const comm = { ...update('new', 'x', 'widget'), parentType: 'comm_msg' };
    kernel.says(comm);
    expect(kernel.outputs('a')).toEqual([data('new')]);
    expect(kernel.outputs('b')).toEqual([data('new'), data('3')]);
    expect(kernel.changed).toEqual(['a', 'b']);
  });

  it('are cut when another process takes the place of the kernel; what waits may be for that one', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    kernel.says(busy(), input(3), print('x'));
    kernel.expect('b', 2);
    kernel.says(STARTING);
    expect(kernel.of('a')).toMatchObject({ state: 'cut', isOver: true });
    expect(kernel.of('b')).toMatchObject({ state: 'waiting' });
  });

  it('go on, with a gap, where only the connection was lost', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    kernel.says(busy(), print('x'));
    kernel.executions.lost(0);
    expect(kernel.of('a')?.isOver).toBe(true);
    kernel.says(print('y'));
    expect(kernel.of('a')?.state).toBe('running');
    expect(kernel.outputs('a')?.map(readLeftOut)).toEqual([null, { bytes: 0, exact: false }, null]);
  });

  it('do not go on where the kernel was lost with the connection', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    kernel.says(busy(), print('x'));
    kernel.executions.lost(0);
    kernel.says(STARTING);
    expect(kernel.outputs('a')).toEqual([stream('x')]);
    expect(kernel.of('a')?.state).toBe('cut');
  });

  it('end with the kernel', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    kernel.expect('b', 2);
    kernel.says(busy());
    kernel.executions.end(0);
    expect(kernel.of('a')?.state).toBe('cut');
    expect(kernel.of('b')).toBeUndefined();
    expect(kernel.executions.isPending).toBe(false);
  });

  it('mark what was too long to be read', () => {
    const kernel = new Kernel();
    kernel.expect('a', 1);
    kernel.says(busy(), clear(true));
    kernel.executions.miss('a', { bytes: 9e6, exact: true }, 0);
    kernel.executions.miss('unknown', { bytes: 1, exact: true }, 0);
    expect(kernel.outputs('a')?.map(readLeftOut)).toEqual([{ bytes: 9e6, exact: true }]);
  });

  it('take no more than a kernel can have', () => {
    const kernel = new Kernel();
    for (let i = 0; i < 10_100; i += 1) {
      kernel.executions.expect(`m${i}`, { run: `run ${i}`, c: i }, 0);
    }
    expect([...kernel.executions.all]).toHaveLength(10_000);
  });

  it('ignore what is no execution', () => {
    const kernel = new Kernel();
    kernel.says(
      { ...busy('info'), parentType: 'kernel_info_request' },
      iopub('status', { execution_state: 'idle' }, null),
      iopub('iopub_welcome', {}, null)
    );
    expect([...kernel.executions.all]).toEqual([]);
  });
});
