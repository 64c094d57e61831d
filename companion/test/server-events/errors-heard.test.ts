import { Executions } from '../../src/iopub/executions.js';
import type { ISubscriptionEvents } from '../../src/iopub/kernel-subscription.js';
import { FakeClock } from '../fake-clock.js';

it('hears of errors that end cells, and of nothing else', () => {
  const heard: unknown[][] = [];
  const listened: ISubscriptionEvents[] = [];
  const executions = new Executions({
    clock: new FakeClock(),
    connectionFile: () => '/run/kernel-a.json',
    record: () => true,
    erred: (...error) => heard.push(error),
    subscribe: (_path, events) => {
      listened.push(events);
      return { dispose: () => undefined };
    }
  });
  executions.attend('a');
  const say = (type: string, parentType: string, content: Record<string, unknown>): void =>
    listened[0]?.message({ type, parentType, parentId: 'r', content, bytes: 10, memoryBytes: 10 });
  say('error', 'execute_request', { ename: 'KeyError', evalue: 'x', traceback: [] });
  say('error', 'comm_msg', { ename: 'ValueError', evalue: 'x', traceback: [] });
  say('stream', 'execute_request', { name: 'stderr', text: 'ValueError' });
  expect(heard).toEqual([['KeyError', 'x']]);
  executions.dispose();
});
