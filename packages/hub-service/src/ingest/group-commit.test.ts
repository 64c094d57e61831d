import { randomUUID } from 'node:crypto';
import type { Appended, IIncomingBatch, ILogWriter } from '../store/log-writer.js';
import { GroupCommit, QueueFullError } from './group-commit.js';

const batch = (records: number): IIncomingBatch => ({
  speaker: { hub: 'h', user: 'u', server: '', groups: [] },
  boot: randomUUID(),
  first: 1,
  prev: '',
  head: '',
  records: Array.from({ length: records }, (_, i) => ({
    seq: i + 1,
    line: '{}',
    opaque: null,
    personal: null,
    columns: {
      occurredAtMs: null,
      action: 'install',
      ecosystem: null,
      packageName: null,
      packageVersion: null,
      tool: null,
      effect: null,
      grade: 'claimed',
      environment: null,
      held: null
    }
  }))
});

/** Appends when it is told to. */
class StepWriter implements ILogWriter {
  readonly groups: number[][] = [];
  fails: ((batches: readonly IIncomingBatch[]) => Error | null) | null = null;

  head(): Promise<never> {
    return Promise.reject(new Error('Nobody asks.'));
  }

  async append(batches: readonly IIncomingBatch[]): Promise<readonly Appended[]> {
    this.groups.push(batches.map(({ records }) => records.length));
    await new Promise<void>(resolve => (this.step = resolve));
    const error = this.fails?.(batches) ?? null;
    if (error) {
      throw error;
    }
    return batches.map(() => ({ kind: 'stored', stream: 's', firstIndex: 0, receivedAtMs: 0 }));
  }

  step: () => void = () => undefined;
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

function commitWith(writer: StepWriter, waitingRecords = 1000): GroupCommit {
  return new GroupCommit({
    writer,
    groupRecords: 10,
    waitingRecords,
    committed: () => undefined,
    monotonicMs: () => 0
  });
}

describe('the group commit', () => {
  it('takes what came while one was under way, as much as fits', async () => {
    const writer = new StepWriter();
    const commit = commitWith(writer);
    const all = [commit.append(batch(1))];
    await turn();
    all.push(...[4, 4, 4, 20, 1].map(records => commit.append(batch(records))));
    for (let i = 0; i < 5; i++) {
      await turn();
      writer.step();
    }
    await Promise.all(all);
    expect(writer.groups).toEqual([[1], [4, 4], [4], [20], [1]]);
    await commit.drain();
    expect(commit.waiting).toBe(0);
  });

  it('does not let one batch that the database refuses spoil the others', async () => {
    const writer = new StepWriter();
    writer.fails = batches =>
      batches.some(({ records }) => records.length === 2)
        ? Object.assign(new Error('invalid byte sequence'), { code: '22021' })
        : null;
    const commit = commitWith(writer);
    const answers = Promise.allSettled([1, 2, 3].map(records => commit.append(batch(records))));
    for (let i = 0; i < 4; i++) {
      await turn();
      writer.step();
    }
    expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(writer.groups).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it('gives up a whole group when the database is away', async () => {
    const writer = new StepWriter();
    writer.fails = () => Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    const commit = commitWith(writer);
    const answers = Promise.allSettled([1, 2].map(records => commit.append(batch(records))));
    await turn();
    writer.step();
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    writer.fails = null;
    const later = commit.append(batch(1));
    await turn();
    writer.step();
    expect(await later).toMatchObject({ kind: 'stored' });
  });

  it('begins groups at a pace, unless one is full: the first at once', async () => {
    const beganAtMs: number[] = [];
    const writer = new StepWriter();
    const append = writer.append.bind(writer);
    writer.append = batches => {
      beganAtMs.push(performance.now());
      setImmediate(() => writer.step());
      return append(batches);
    };
    const commit = new GroupCommit({
      writer,
      groupRecords: 10,
      waitingRecords: 1000,
      committed: () => undefined,
      monotonicMs: () => performance.now(),
      paceMs: 300
    });
    const askedAtMs = performance.now();
    await commit.append(batch(1));
    await Promise.all([commit.append(batch(1)), turn().then(() => commit.append(batch(2)))]);
    const all = [commit.append(batch(4))];
    await turn();
    // These fill a group: nothing is gained by waiting for more.
    all.push(commit.append(batch(8)), commit.append(batch(9)));
    await Promise.all(all);
    expect(writer.groups).toEqual([[1], [1, 2], [4], [8], [9]]);
    const [first = 0, second = 0, third = 0] = beganAtMs;
    expect(first - askedAtMs).toBeLessThan(150);
    expect(second - first).toBeGreaterThanOrEqual(299);
    expect(third - second).toBeGreaterThanOrEqual(299);
  });

  it('refuses what would not fit into memory', async () => {
    const commit = commitWith(new StepWriter(), 5);
    void commit.append(batch(4));
    await expect(commit.append(batch(2))).rejects.toThrow(QueueFullError);
  });
});
