import type { ICodeCellModel } from '@jupyterlab/cells';
import { NotebookModel } from '@jupyterlab/notebook';
import type { ICompanion } from '@labkeeper/labkit';
import { encode, outputsCollected, outputsEnd, textSum } from '@labkeeper/protocol';
import type { DocumentGuard } from '../src/document-guard.js';
import { HandedOutputs } from '../src/outputs/handed-outputs.js';
import type { IRunningCell } from '../src/running-cells.js';

const RUN = '0b9e2f0e-8f6f-4c8e-9a51-2a6f0a0f3c11';
const KERNEL = '5c8a0a1e-6f2b-4d8e-9d1c-0e6a3f2b7c44';
const HASH = 'a'.repeat(64);

const stream = (text: string) => ({ output_type: 'stream', name: 'stdout', text });
const display = (text: string) => ({
  output_type: 'display_data',
  data: { 'text/plain': text },
  metadata: {}
});

/** An open notebook with the cells `a` and `b`, and a companion that has outputs for it. */
class Scene {
  constructor() {
    this.model.fromJSON({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {},
      cells: ['a', 'b'].map(id => ({
        ...{ id, cell_type: 'code', source: `source of ${id}`, metadata: {} },
        ...{ outputs: [stream('old\n')], execution_count: 1 }
      }))
    } as Parameters<NotebookModel['fromJSON']>[0]);
    this.guard = {
      context: { path: 'a.ipynb', model: this.model },
      isDisposed: false,
      cellAt: (hash: string, number: number) => (hash === HASH ? (['a', 'b'][number] ?? null) : null),
      ran: (cellId: string) => this.ran.has(cellId),
      executing: (cell: IRunningCell) => void this.running.push(cell),
      executed: (msgId: string) => void this.executed.push(msgId),
      inherit: (run: string) => void this.inherited.push(run),
      flush: () => undefined
    } as unknown as DocumentGuard;
    this.handed = new HandedOutputs({
      companion: { send: (frame: string) => this.sent.push(JSON.parse(frame).params) > 0 } as ICompanion,
      guards: () => [this.guard]
    });
  }

  cell(index: number): ICodeCellModel {
    return this.model.cells.get(index) as ICodeCellModel;
  }

  outputs(index: number): unknown {
    return this.cell(index).sharedModel.getOutputs();
  }

  sends(
    c: number,
    outputs: readonly object[],
    more: Partial<Parameters<typeof encode<typeof outputsCollected.params>>[1]> = {}
  ): void {
    const id = ['a', 'b'][c] ?? null;
    const message = {
      ...{ run: RUN, c, id, sum: textSum(`source of ${id}`), newSource: null, msgId: null, kernelId: null },
      ...{ executionCount: 7, finished: true, at: 0, more: false, part: JSON.stringify(outputs) }
    };
    this.handed.receiver.receive(encode(outputsCollected, { ...message, ...more }));
  }

  ends(more: { hash?: string; rest?: boolean; path?: string } = {}): void {
    const end = { run: RUN, path: 'a.ipynb', hash: HASH, rest: false, ...more };
    this.handed.receiver.receive(encode(outputsEnd, end));
  }

  readonly model = new NotebookModel();
  readonly handed: HandedOutputs;
  readonly guard: DocumentGuard;
  readonly ran = new Set<string>();
  readonly running: IRunningCell[] = [];
  readonly executed: string[] = [];
  readonly inherited: string[] = [];
  readonly sent: unknown[] = [];
}

describe('outputs that another page left', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene();
    scene.model.dirty = false;
  });

  it('are put into their cells when all have come, and are to be saved', () => {
    scene.sends(1, [stream('new\n'), display('x')]);
    expect(scene.outputs(1)).toEqual([stream('old\n')]);
    scene.ends();
    expect(scene.outputs(1)).toEqual([stream('new\n'), display('x')]);
    expect(scene.cell(1).executionCount).toBe(7);
    expect(scene.outputs(0)).toEqual([stream('old\n')]);
    expect(scene.model.dirty).toBe(true);
    expect(scene.sent).toEqual([{ run: RUN, all: true }]);
    expect(scene.inherited).toEqual([RUN]);
  });

  it('come in parts', () => {
    const body = JSON.stringify([stream('in parts\n')]);
    scene.sends(0, [], { part: body.slice(0, 9), more: true });
    scene.sends(0, [], { part: body.slice(9), at: 9 });
    scene.ends();
    expect(scene.outputs(0)).toEqual([stream('in parts\n')]);
  });

  it('find their cells by id where the file was saved since', () => {
    scene.sends(1, [stream('new\n')], { c: 0 });
    scene.ends({ hash: 'b'.repeat(64) });
    expect(scene.outputs(1)).toEqual([stream('new\n')]);
    expect(scene.outputs(0)).toEqual([stream('old\n')]);
  });

  it('are not put into a cell that was edited since, nor into none: a copy is made', () => {
    scene.cell(0).sharedModel.setSource('edited');
    scene.sends(0, [stream('new\n')]);
    scene.sends(1, [stream('new\n')]);
    scene.ends();
    expect([scene.outputs(0), scene.outputs(1)]).toEqual([[stream('old\n')], [stream('new\n')]]);
    scene.sends(0, [], { c: 5, id: 'gone' });
    scene.ends();
    scene.sends(0, []);
    scene.ends({ path: 'other.ipynb' });
    expect(scene.sent).toEqual([1, 2, 3].map(() => ({ run: RUN, all: false })));
    expect(scene.inherited).toEqual([]);
  });

  it('do not take the place of those of a later run in this page', () => {
    scene.ran.add('a');
    scene.cell(0).executionCount = 8;
    scene.sends(0, [stream('late\n')]);
    scene.ends();
    expect(scene.outputs(0)).toEqual([stream('old\n')]);
    scene.cell(0).executionCount = null;
    scene.sends(0, [stream('late\n')], {
      executionCount: null,
      finished: false,
      msgId: 'm',
      kernelId: KERNEL
    });
    scene.ends();
    expect(scene.outputs(0)).toEqual([stream('old\n')]);
    expect(scene.running).toEqual([]);
    // This page ran it before the other one did.
    scene.cell(0).executionCount = 6;
    scene.sends(0, [stream('late\n')]);
    scene.ends();
    expect(scene.outputs(0)).toEqual([stream('late\n')]);
    expect(scene.sent).toEqual([1, 2, 3].map(() => ({ run: RUN, all: true })));
  });

  it('come with the code that ran, unless this page has run its own', () => {
    scene.sends(0, [stream('new\n')], { newSource: 'print("new")' });
    scene.ends();
    expect(scene.cell(0).sharedModel.getSource()).toBe('print("new")');
    expect(scene.outputs(0)).toEqual([stream('new\n')]);
    scene.ran.add('b');
    scene.cell(1).executionCount = 8;
    scene.sends(1, [stream('new\n')], { newSource: 'print("new")' });
    scene.ends();
    expect(scene.cell(1).sharedModel.getSource()).toBe('source of b');
    expect(scene.sent).toEqual([true, false].map(all => ({ run: RUN, all })));
  });

  it('leave a run open that holds more', () => {
    scene.sends(0, [stream('new\n')]);
    scene.ends({ rest: true });
    expect([scene.sent, scene.inherited]).toEqual([[{ run: RUN, all: true }], []]);
  });

  it('go on while the cell runs: the page takes it over until it is finished', () => {
    const running = { msgId: 'm', kernelId: KERNEL, executionCount: null, finished: false };
    scene.sends(0, [stream('1\n'), display('10 %')], running);
    scene.ends();
    expect(scene.cell(0)).toMatchObject({ executionCount: null, executionState: 'running', trusted: true });
    expect(scene.running).toEqual([{ kernelId: KERNEL, msgId: 'm', cellId: 'a', adopted: true }]);
    const first = scene.cell(0).outputs.get(0);
    scene.sends(0, [stream('1\n'), display('20 %'), stream('2\n')], { ...running, c: 9, sum: null });
    scene.sends(0, [stream('1\n'), display('30 %'), stream('2\n3\n')], { ...running, sum: null });
    expect(scene.outputs(0)).toEqual([stream('1\n'), display('30 %'), stream('2\n3\n')]);
    // What did not change was not touched.
    expect(scene.cell(0).outputs.get(0)).toBe(first);
    expect(scene.executed).toEqual([]);
    scene.sends(0, [stream('cleared\n')], { msgId: 'm', kernelId: KERNEL, sum: null });
    expect(scene.outputs(0)).toEqual([stream('cleared\n')]);
    expect(scene.cell(0)).toMatchObject({ executionCount: 7, executionState: 'idle' });
    expect(scene.executed).toEqual(['m']);
    scene.sends(0, [stream('too late\n')], { msgId: 'm', kernelId: KERNEL, sum: null });
    expect(scene.outputs(0)).toEqual([stream('cleared\n')]);
  });

  it('are not waited for any more when the document is closed', () => {
    const running = { msgId: 'm', kernelId: KERNEL, executionCount: null, finished: false };
    scene.sends(0, [stream('1\n')], running);
    scene.ends();
    expect(scene.handed.waiting).toBe(1);
    scene.handed.closed(scene.guard);
    expect(scene.handed.waiting).toBe(0);
  });

  it('are in the document as in the page, also where a line was written over', () => {
    const running = { msgId: 'm', kernelId: KERNEL, executionCount: null, finished: false };
    scene.sends(0, [stream('10 %')], running);
    scene.ends();
    for (const text of ['20 %', '30 %', '30 %\ndone', '30 %\ndone\n1\n2']) {
      scene.sends(0, [stream(text)], { ...running, sum: null });
      expect(scene.cell(0).outputs.toJSON()).toEqual([stream(text)]);
      expect(scene.outputs(0)).toEqual([stream(text)]);
    }
  });

  it('begin anew with another connection', () => {
    scene.sends(0, [stream('half\n')], { more: true });
    scene.sends(1, [stream('new\n')]);
    scene.handed.forget();
    scene.ends();
    expect([scene.outputs(0), scene.outputs(1)]).toEqual([[stream('old\n')], [stream('old\n')]]);
  });
});
