import { readLeftOut, type IIopubMessage, type Json } from '@labkeeper/core';
import type { JournalRecord } from '@labkeeper/protocol';
import { Executions, RECORD_MS } from '../../src/iopub/executions.js';
import type { ISubscriptionEvents } from '../../src/iopub/kernel-subscription.js';
import { OUTPUT_CAPS, type IOutputCaps } from '../../src/iopub/output-budget.js';
import { WAITING_BYTES } from '../../src/journal/group-commit.js';
import { FakeClock } from '../fake-clock.js';

/** Executions of kernels whose messages a test speaks. */
class Scene {
  constructor(caps: Partial<IOutputCaps> = {}) {
    this.executions = new Executions({
      clock: this.clock,
      connectionFile: kernelId => (kernelId === 'none' ? null : kernelId),
      caps: { ...OUTPUT_CAPS, ...caps },
      record: (run, records) => {
        if (this.hasRoom) {
          this.records.push(...records.map(record => ({ run, record })));
        }
        return this.hasRoom;
      },
      attended: () => this.attended,
      subscribe: (path, events) => {
        this.kernels.set(path, events);
        return { dispose: () => void this.kernels.delete(path) };
      }
    });
  }

  readonly clock = new FakeClock();
  readonly executions: Executions;
  readonly kernels = new Map<string, ISubscriptionEvents>();
  attended: string[] = [];
  /** Whether the journal takes records. */
  hasRoom = true;
  records: { run: string; record: JournalRecord }[] = [];

  execute(msgId: string, c: number, run = 'run', kernelId = 'k'): void {
    this.executions.executing({ run, kernelId, msgId, c });
  }

  says(msgId: string, type: string, content: Json, kernelId = 'k'): void {
    const bytes = JSON.stringify(content).length;
    const parentType = 'execute_request';
    const message: IIopubMessage = { type, parentId: msgId, parentType, content, bytes, memoryBytes: bytes };
    this.kernels.get(kernelId)?.message(message);
  }

  begins(msgId: string, count = 1): void {
    this.says(msgId, 'status', { execution_state: 'busy' });
    this.says(msgId, 'execute_input', { execution_count: count });
  }

  prints(msgId: string, text: string): void {
    this.says(msgId, 'stream', { name: 'stdout', text });
  }

  ends(msgId: string): void {
    this.says(msgId, 'status', { execution_state: 'idle' });
  }

  /** What was recorded since the last call, for one run. */
  taken(run = 'run'): JournalRecord[] {
    const records = this.records.filter(each => each.run === run).map(({ record }) => record);
    this.records = [];
    return records;
  }
}

const stream = (text: string) => ({ output_type: 'stream', name: 'stdout', text });

describe('executions', () => {
  it('are not recorded while the page is there', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.begins('a');
    scene.prints('a', 'hello');
    scene.ends('a');
    scene.clock.advance(10 * RECORD_MS);
    expect(scene.records).toEqual([]);
  });

  it('are recorded from the beginning when the page goes, then by what is new, and at the end at once', () => {
    const scene = new Scene();
    scene.execute('a', 4);
    scene.begins('a', 7);
    scene.prints('a', 'one\n');
    scene.executions.pageGone('run');
    expect(scene.taken()).toEqual([]);
    scene.clock.advance(RECORD_MS);
    expect(scene.taken()).toEqual([
      { t: 'out', c: 4, from: 0, v: [stream('one\n')] },
      { t: 'exec', c: 4, v: null }
    ]);
    scene.prints('a', 'two\n');
    scene.prints('a', 'three\n');
    expect(scene.taken()).toEqual([]);
    scene.clock.advance(RECORD_MS);
    expect(scene.taken()).toEqual([{ t: 'app', c: 4, i: 0, at: 4, v: 'two\nthree\n' }]);
    scene.prints('a', 'four\n');
    scene.ends('a');
    expect(scene.taken()).toEqual([
      { t: 'app', c: 4, i: 0, at: 14, v: 'four\n' },
      { t: 'exec', c: 4, v: 7 }
    ]);
    scene.clock.advance(10 * RECORD_MS);
    expect(scene.taken()).toEqual([]);
  });

  it('that wait when the page goes are recorded as they come', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.execute('b', 1);
    scene.begins('a', 1);
    scene.executions.pageGone('run');
    scene.ends('a');
    scene.begins('b', 2);
    scene.ends('b');
    expect(scene.taken()).toEqual([
      { t: 'out', c: 0, from: 0, v: [] },
      { t: 'exec', c: 0, v: 1 },
      { t: 'out', c: 1, from: 0, v: [] },
      { t: 'exec', c: 1, v: 2 }
    ]);
  });

  it('that finished just before the page went may not be written down yet; older ones are', () => {
    const scene = new Scene();
    for (const [c, msgId] of ['old', 'recent', 'silent'].entries()) {
      scene.execute(msgId, c);
    }
    scene.begins('old');
    scene.prints('old', 'x');
    scene.ends('old');
    scene.clock.advance(16_000);
    scene.begins('recent');
    scene.prints('recent', 'y');
    scene.ends('recent');
    scene.begins('silent');
    scene.ends('silent');
    scene.executions.pageGone('run');
    scene.executions.flush();
    expect(scene.taken().map(record => ('c' in record ? record.c : null))).toEqual([1, 1]);
  });

  it('whose beginning was not seen leave what the page wrote alone until something new comes', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.prints('a', 'second');
    scene.executions.pageGone('run');
    scene.executions.flush();
    expect(scene.taken()).toEqual([]);
    scene.prints('a', ' third');
    scene.executions.flush();
    const [out] = scene.taken();
    expect(out?.t === 'out' && out.v.map(readLeftOut)).toEqual([{ bytes: 0, exact: false }, null]);
  });

  it('are not recorded any more when the page is back: its own outputs win', () => {
    const scene = new Scene();
    scene.execute('running', 2);
    scene.begins('running', 3);
    scene.executions.pageGone('run');
    scene.prints('running', 'z');
    scene.executions.flush();
    expect(scene.taken()).toHaveLength(2);
    scene.executions.pageBack('run');
    scene.prints('running', '!');
    scene.clock.advance(10 * RECORD_MS);
    expect(scene.taken()).toEqual([]);
  });

  it('go on whole in the run that takes the place of another, as a page begins one with every save', () => {
    const scene = new Scene();
    scene.execute('a', 4, 'first');
    scene.begins('a');
    scene.prints('a', 'one\n');
    scene.executions.runReplaced('first');
    scene.execute('a', 1, 'second');
    scene.clock.advance(60_000);
    scene.prints('a', 'two\n');
    scene.executions.pageGone('second');
    scene.executions.flush();
    expect(scene.taken('second')).toEqual([
      { t: 'out', c: 1, from: 0, v: [stream('one\ntwo\n')] },
      { t: 'exec', c: 1, v: null }
    ]);
    expect(scene.taken('first')).toEqual([]);
  });

  it('of a run that is replaced and does not name them again are forgotten', () => {
    const scene = new Scene();
    scene.execute('a', 4, 'first');
    scene.begins('a');
    scene.executions.runReplaced('first');
    expect(scene.executions.of('first')).toHaveLength(1);
    scene.clock.advance(60_000);
    expect(scene.executions.of('first')).toEqual([]);
    expect(scene.executions.find('k', 'a')).toBeNull();
  });

  it('that a page takes over from one which is gone belong to it, and the run that is left has all until then', () => {
    const scene = new Scene();
    scene.execute('a', 4, 'left');
    scene.begins('a');
    scene.executions.pageGone('left');
    scene.prints('a', 'one\n');
    scene.execute('a', 0, 'new');
    expect(scene.taken('left')[0]).toEqual({ t: 'out', c: 4, from: 0, v: [stream('one\n')] });
    scene.prints('a', 'two\n');
    scene.executions.flush();
    expect(scene.records).toEqual([]);
    scene.executions.runClosed('left');
    scene.executions.pageGone('new');
    scene.ends('a');
    expect(scene.taken('new')[0]).toEqual({ t: 'out', c: 0, from: 0, v: [stream('one\ntwo\n')] });
  });

  it('are recorded whole again when the page goes again: its own records came between', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.begins('a');
    scene.executions.pageGone('run');
    scene.prints('a', 'x');
    scene.executions.flush();
    scene.executions.pageBack('run');
    scene.taken();
    scene.executions.pageGone('run');
    scene.prints('a', 'y');
    scene.executions.flush();
    expect(scene.taken()[0]).toEqual({ t: 'out', c: 0, from: 0, v: [stream('xy')] });
  });

  it('are recorded whole again when the journal begins anew', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.executions.pageGone('run');
    scene.begins('a');
    scene.prints('a', 'x');
    scene.ends('a');
    scene.taken();
    scene.executions.pageGone('run');
    scene.executions.flush();
    expect(scene.taken()).toEqual([
      { t: 'out', c: 0, from: 0, v: [stream('x')] },
      { t: 'exec', c: 0, v: 1 }
    ]);
  });

  it('that the journal had no room for are recorded whole as soon as it has', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.execute('b', 1);
    scene.executions.pageGone('run');
    scene.begins('a');
    scene.prints('a', 'x');
    scene.clock.advance(RECORD_MS);
    expect(scene.taken()).toHaveLength(2);
    scene.hasRoom = false;
    scene.prints('a', 'y');
    scene.clock.advance(10 * RECORD_MS);
    scene.ends('a');
    scene.begins('b');
    scene.ends('b');
    expect(scene.taken()).toEqual([]);
    scene.hasRoom = true;
    scene.clock.advance(8 * RECORD_MS);
    expect(scene.taken()).toEqual([
      { t: 'out', c: 0, from: 0, v: [stream('xy')] },
      { t: 'exec', c: 0, v: 1 },
      { t: 'out', c: 1, from: 0, v: [] },
      { t: 'exec', c: 1, v: 1 }
    ]);
    scene.clock.advance(100 * RECORD_MS);
    expect(scene.taken()).toEqual([]);
  });

  it('of other runs are not touched', () => {
    const scene = new Scene();
    scene.execute('a', 0, 'gone');
    scene.execute('b', 0, 'there');
    scene.executions.pageGone('gone');
    scene.begins('a');
    scene.ends('a');
    scene.begins('b');
    scene.prints('b', 'x');
    scene.ends('b');
    scene.executions.flush();
    expect(scene.taken('there')).toEqual([]);
  });

  it('that are cut by the end of a kernel have no count', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.executions.pageGone('run');
    scene.begins('a', 9);
    scene.prints('a', 'x');
    scene.kernels.get('k')?.lost();
    expect(scene.taken()).toEqual([
      { t: 'out', c: 0, from: 0, v: [stream('x')] },
      { t: 'exec', c: 0, v: null }
    ]);
  });

  it('show a message that was too long as left out', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.begins('a');
    scene.executions.pageGone('run');
    scene.kernels.get('k')?.skipped({ type: 'display_data', parentId: 'a', bytes: 9e6 });
    scene.kernels.get('k')?.skipped({ type: 'status', parentId: 'a', bytes: 9e6 });
    scene.ends('a');
    const [out] = scene.taken();
    expect(out?.t === 'out' && out.v.map(readLeftOut)).toEqual([{ bytes: 9e6, exact: true }]);
  });

  it('of a run that is closed are forgotten', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.begins('a');
    scene.executions.pageGone('run');
    scene.executions.runClosed('run');
    scene.prints('a', 'x');
    scene.ends('a');
    scene.executions.flush();
    expect(scene.records).toEqual([]);
  });
});

describe('kernels', () => {
  it('in which a page that is there may run cells are listened to before and after', () => {
    const scene = new Scene();
    scene.attended = ['k'];
    scene.executions.attend('k');
    scene.clock.advance(600_000);
    expect(scene.executions.listeningCount).toBe(1);
    // Before the page has said which cell it is.
    scene.begins('a');
    scene.prints('a', 'x');
    scene.execute('a', 0);
    scene.executions.pageGone('run');
    scene.ends('a');
    expect(scene.taken()[0]).toEqual({ t: 'out', c: 0, from: 0, v: [stream('x')] });
    scene.executions.runClosed('run');
    scene.attended = [];
    scene.clock.advance(600_000);
    expect(scene.executions.listeningCount).toBe(0);
    expect(scene.clock.pending).toBe(0);
  });

  it('are listened to from the first execution, or sooner where a page may run cells', () => {
    const scene = new Scene();
    expect(scene.executions.listeningCount).toBe(0);
    scene.execute('a', 0);
    scene.execute('b', 1);
    expect(scene.executions.listeningCount).toBe(1);
    scene.executions.watch('another run', 'k2');
    expect([...scene.kernels.keys()]).toEqual(['k', 'k2']);
  });

  it('are left alone when nothing runs and no page is there', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.clock.advance(600_000);
    expect(scene.executions.listeningCount).toBe(1);
    scene.executions.pageGone('run');
    scene.clock.advance(600_000);
    expect(scene.executions.listeningCount).toBe(1);
    scene.begins('a');
    scene.ends('a');
    scene.clock.advance(90_000);
    expect(scene.executions.listeningCount).toBe(0);
    expect(scene.executions.of('run').map(({ execution }) => execution.state)).toEqual(['finished']);
  });

  it('that have no connection file are no trouble', () => {
    const scene = new Scene();
    scene.execute('a', 0, 'run', 'none');
    scene.executions.pageGone('run');
    scene.executions.flush();
    expect(scene.records).toEqual([]);
  });

  it('that end are not listened to, and nothing of them is waited for', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.execute('b', 1);
    scene.executions.pageGone('run');
    scene.begins('a');
    scene.kernels.get('k')?.lost();
    scene.kernels.get('k')?.ended();
    scene.kernels.delete('k');
    scene.clock.advance(120_000);
    expect(scene.executions.listeningCount).toBe(0);
  });

  it('leave no timers when everything is over', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.begins('a');
    scene.prints('a', 'x');
    scene.ends('a');
    scene.executions.runClosed('run');
    scene.clock.advance(300_000);
    expect(scene.clock.pending).toBe(0);
    scene.execute('b', 0);
    scene.executions.dispose();
    expect(scene.clock.pending).toBe(0);
  });
});

describe('what is held', () => {
  it('of one cell is one entry that the journal always has room for, whatever is in it', () => {
    const scene = new Scene();
    scene.execute('a', 0);
    scene.begins('a');
    scene.executions.pageGone('run');
    for (let line = 0; line < 40_000; line += 1) {
      scene.prints('a', `\u001b[31m\u001b[1m"${line}" ${'x'.repeat(300)}\u001b[0m\n`);
    }
    scene.ends('a');
    const bytes = JSON.stringify(scene.taken()).length;
    expect(bytes).toBeGreaterThan(0.4 * WAITING_BYTES);
    expect(bytes).toBeLessThan(0.6 * WAITING_BYTES);
  });

  it('is not given up while the journal has no room for it', () => {
    const scene = new Scene({ cellBytes: 1e6, totalBytes: 2.5e6 });
    scene.executions.watch('run', 'k');
    scene.executions.pageGone('run');
    scene.hasRoom = false;
    fill(scene, 6, 800);
    expect(scene.executions.of('run')).toHaveLength(6);
    scene.hasRoom = true;
    scene.executions.flush();
    const outs = scene.taken().filter(record => record.t === 'out' && record.from === 0);
    expect(outs).toHaveLength(6);
  });

  it('is little of cells that finished long ago, unless their page is away', () => {
    const scene = new Scene();
    const held = () => {
      scene.executions.pageGone('run');
      scene.taken();
      for (let c = 0; c < 20; c += 1) {
        scene.prints(`m${c}`, '!');
      }
      scene.executions.flush();
      return scene.taken().filter(({ t }) => t === 'out').length;
    };
    for (let c = 0; c < 20; c += 1) {
      scene.execute(`m${c}`, c);
      scene.begins(`m${c}`);
      scene.prints(`m${c}`, 'x');
      scene.ends(`m${c}`);
    }
    scene.executions.pageGone('run');
    scene.clock.advance(300_000);
    expect(held()).toBe(20);
    scene.executions.pageBack('run');
    scene.clock.advance(300_000);
    expect(held()).toBe(0);
  });

  it('is bounded: what is recorded is given up, and said to be in the journal', () => {
    const scene = new Scene({ cellBytes: 1e6, totalBytes: 2.5e6 });
    scene.executions.watch('run', 'k');
    scene.executions.pageGone('run');
    fill(scene, 30, 800);
    const outs = scene.taken().filter(record => record.t === 'out' && record.from === 0);
    expect(JSON.stringify(outs).length).toBeGreaterThan(30 * 800_000);
    expect(outs.flatMap(each => (each.t === 'out' ? each.v : [])).some(readLeftOut)).toBe(false);
    const held = scene.executions.of('run').map(({ execution }) => execution);
    expect(held.at(-1)?.place?.c).toBe(29);
    expect(held.length).toBeLessThan(30);
    expect(JSON.stringify(held.map(({ outputs }) => outputs.toJSON())).length).toBeLessThan(2.6e6);
  });

  it('is bounded for all that run at once, each of which keeps its end', () => {
    const scene = new Scene({ cellBytes: 1e6, totalBytes: 2.5e6 });
    const kernels = Array.from({ length: 10 }, (_, index) => `k${index}`);
    for (const kernelId of kernels) {
      scene.execute(kernelId, 0, kernelId, kernelId);
      scene.says(kernelId, 'status', { execution_state: 'busy' }, kernelId);
      scene.executions.pageGone(kernelId);
    }
    for (let line = 0; line < 900; line += 1) {
      for (const kernelId of kernels) {
        const text = `${line} ${'x'.repeat(999)}\n`;
        scene.says(kernelId, 'stream', { name: 'stdout', text }, kernelId);
      }
    }
    const held = kernels.map(kernelId => scene.executions.find(kernelId, kernelId)?.outputs.toJSON() ?? []);
    expect(JSON.stringify(held).length).toBeLessThan(4.5e6);
    for (const outputs of held) {
      expect(outputs.at(-1)?.['text']).toMatch(/\n899 x+\n$/);
    }
  });

  it('is bounded for a run, and says what is missing', () => {
    const scene = new Scene({ cellBytes: 100_000, runBytes: 300_000, totalBytes: 250_000 });
    scene.executions.watch('run', 'k');
    scene.executions.pageGone('run');
    fill(scene, 30, 400);
    const outs = scene.taken().filter(record => record.t === 'out');
    const size = JSON.stringify(outs).length;
    expect(outs).toHaveLength(30);
    expect(size).toBeGreaterThan(300_000);
    expect(size).toBeLessThan(1_000_000);
    expect(outs.every(({ v }) => v.some(output => readLeftOut(output)))).toBe(true);
  });

  it('of a cell that runs is not given up for others', () => {
    const scene = new Scene({ cellBytes: 1e6, totalBytes: 2.5e6 });
    scene.execute('long', 0, 'other', 'k2');
    const says = (type: string, content: Json) => scene.says('long', type, content, 'k2');
    says('status', { execution_state: 'busy' });
    scene.executions.pageGone('other');
    says('stream', { name: 'stdout', text: 'begun\n' });
    fill(scene, 20, 800);
    says('stream', { name: 'stdout', text: 'done\n' });
    expect(scene.executions.find('k2', 'long')?.outputs.toJSON()).toEqual([stream('begun\ndone\n')]);
  });
});

/** Cells that print so many lines of 1000 characters each. */
function fill(scene: Scene, cells: number, lines: number): void {
  for (let c = 0; c < cells; c += 1) {
    scene.execute(`m${c}`, c);
    scene.begins(`m${c}`);
    for (let line = 0; line < lines; line += 1) {
      scene.prints(`m${c}`, `${'x'.repeat(999)}\n`);
    }
    scene.ends(`m${c}`);
    scene.clock.advance(2000);
  }
}
