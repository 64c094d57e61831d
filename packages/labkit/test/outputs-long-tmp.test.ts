import fc from 'fast-check';
import { KernelExecutions, type Execution, type IIopubMessage } from '@labkeeper/core';
import { anyOutput, busy } from '@labkeeper/core/src/outputs/iopub.test.data';
import { LabCells } from './lab-cells.js';
import recorded from './recorded-iopub.json';

const UNLIMITED = { headBytes: 1e9, tailBytes: 1e6 };

/** The outputs of each request as the companion collects them. */
function collect(msgIds: readonly string[], messages: readonly IIopubMessage[]): unknown[][] {
  const executions = new KernelExecutions({ limits: () => UNLIMITED, changed: () => undefined });
  msgIds.forEach((msgId, c) => {
    executions.expect(msgId, { run: 'r', c }, 0);
    executions.receive(busy(msgId), 0);
  });
  messages.forEach(message => executions.receive(message, 0));
  const found = new Map<string, Execution>([...executions.all].map(each => [each.msgId, each]));
  return msgIds.map(msgId => found.get(msgId)?.outputs.toJSON() ?? []);
}

/** The same messages with the ids that JupyterLab gave its requests. */
function addressed(messages: readonly IIopubMessage[], ids: ReadonlyMap<string, string>): IIopubMessage[] {
  return messages.map(message => ({
    ...message,
    parentId: ids.get(message.parentId ?? '') ?? message.parentId
  }));
}

beforeAll(() => {
  // Yjs warns about every new cell, JupyterLab of the clipboard and its socket.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  jest.spyOn(console, 'debug').mockImplementation(() => undefined);
});

afterAll(() => jest.restoreAllMocks());

describe('outputs that are collected without a browser', () => {
  it('are those that JupyterLab shows and saves, whatever a kernel says', async () => {
    const lab = await LabCells.start();
    const cells = ['a', 'b', 'c'];
    // A console's request has no cell, but may change displays of the notebook.
    const messages = fc.array(anyOutput([...cells, 'console']), { maxLength: 60 });
    try {
      await fc.assert(
        fc.asyncProperty(messages, async said => {
          lab.clear();
          const ids = new Map(cells.map(cell => [cell, lab.execute()]));
          const heard = addressed(said, ids);
          await lab.take(heard);
          const msgIds = [...ids.values()];
          const ours = collect(msgIds, heard);
          expect(ours).toEqual(msgIds.map(msgId => lab.saved(msgId)));
          expect(ours).toEqual(msgIds.map(msgId => lab.shown(msgId)));
        }),
        { numRuns: 6000 }
      );
    } finally {
      lab.dispose();
    }
  }, 500_000);

  it('are those that JupyterLab shows and saves of what a real kernel said', async () => {
    const lab = await LabCells.start();
    const ids = new Map(recorded.map(({ parentId }) => [parentId, '']));
    [...ids.keys()].forEach(cell => ids.set(cell, lab.execute()));
    const heard = addressed(recorded, ids);
    await lab.take(heard);
    const msgIds = [...ids.values()];
    const ours = collect(msgIds, heard);
    expect(ours.flat().length).toBeGreaterThan(msgIds.length);
    expect(ours).toEqual(msgIds.map(msgId => lab.saved(msgId)));
    expect(ours).toEqual(msgIds.map(msgId => lab.shown(msgId)));
    lab.dispose();
  });
});
