import {
  encode,
  encodeBulk,
  journalBatch,
  MessageError,
  Receiver,
  runClosed,
  runOpened,
  runRenamed,
  runSaved
} from '@labkeeper/protocol';
import { JournalLink, type IPagePort } from '../../src/journal/journal-link.js';
import { FakeClock } from '../fake-clock.js';
import { MemoryDisk } from './memory-disk.js';
import { BASE, openStore, runId } from './scene.js';

/** The page's side of one connection: what it got, by what it may miss when it does not read. */
class Port implements IPagePort {
  readonly got: string[] = [];
  readonly kept = new Map<string, () => string>();
  reads = true;
  isHeld = false;

  keep(id: string, text: () => string): void {
    if (this.reads) {
      this.got.push(text());
    } else {
      this.kept.set(id, text);
    }
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }
}

const RUN = runId(1);
const OPEN = { run: RUN, path: 'a.ipynb', kind: 'notebook' as const };

function batch(seq: number, body: string, more = false): Buffer {
  return Buffer.from(encodeBulk(journalBatch, { run: RUN, seq, more }, body));
}

describe('the journal of one page', () => {
  let port: Port;
  beforeEach(() => (port = new Port()));

  const connect = (
    disk: MemoryDisk
  ): { link: JournalLink; receiver: Receiver; flush: () => Promise<boolean>; runs: () => number } => {
    const { store } = openStore(disk, 'boot', { clock: new FakeClock(), persistent: true });
    const link = new JournalLink(store, port);
    const receiver = new Receiver();
    link.listen(receiver);
    return { link, receiver, flush: () => store.flush(), runs: () => store.health.runs };
  };
  const methods = (): unknown[] => port.got.map(text => (JSON.parse(text) as { method: string }).method);

  it('hears how the journal stands, and what is durable', async () => {
    const { link, receiver, flush, runs } = connect(new MemoryDisk());
    link.greet();
    receiver.receive(encode(runOpened, OPEN));
    expect(link.takeBulk(batch(1, BASE))).toBe(true);
    expect(link.takeBulk(batch(2, '{"t":"src","c":0,"v":"a\\nb"}\n{"t":"exec","c":0,"v":1}'))).toBe(true);
    await flush();
    expect(port.got.map(text => JSON.parse(text))).toEqual([
      { method: 'save/journal-state', params: { trouble: null, boundMs: 500, persistent: true } },
      { method: 'save/durable', params: { run: RUN, seq: 2, atMs: expect.any(Number) } }
    ]);
    receiver.receive(encode(runRenamed, { run: RUN, path: 'b.ipynb' }));
    receiver.receive(encode(runSaved, { run: RUN, seq: 1, hash: null }));
    await flush();
    expect(runs()).toBe(1);
    receiver.receive(encode(runClosed, { run: RUN }));
    await flush();
    expect(runs()).toBe(0);
  });

  it('is told of a lost run once, and again when it has begun anew', async () => {
    const { link, receiver, flush } = connect(new MemoryDisk());
    link.takeBulk(batch(5, 'x'));
    link.takeBulk(batch(6, 'x'));
    expect(methods()).toEqual(['save/lost']);
    receiver.receive(encode(runOpened, OPEN));
    link.takeBulk(batch(1, BASE));
    await flush();
    link.takeBulk(batch(3, 'gap'));
    expect(methods()).toEqual(['save/lost', 'save/durable', 'save/lost']);
  });

  it('gets only the newest acknowledgement of each run after it has not read for a while', async () => {
    const { link, receiver, flush } = connect(new MemoryDisk());
    receiver.receive(encode(runOpened, OPEN));
    port.reads = false;
    for (let seq = 1; seq <= 20; seq += 1) {
      link.takeBulk(batch(seq, BASE));
      await flush();
    }
    expect([...port.kept.keys()]).toEqual([`durable ${RUN}`]);
    expect(JSON.parse(port.kept.get(`durable ${RUN}`)?.() ?? '')).toMatchObject({ params: { seq: 20 } });
  });

  it('takes a head however it is written, as long as it says the same', async () => {
    const { link, receiver, flush } = connect(new MemoryDisk());
    receiver.receive(encode(runOpened, OPEN));
    const head = { method: 'save/journal', params: { run: RUN, seq: 1, more: false } };
    expect(link.takeBulk(Buffer.from(`${JSON.stringify(head, null, 1).replaceAll('\n', '')}\n${BASE}`))).toBe(
      true
    );
    const { run, seq, more } = { ...head.params, seq: 2 };
    const turned = { params: { more, seq, run, later: 'field' }, method: head.method };
    expect(link.takeBulk(Buffer.from(`${JSON.stringify(turned)}\n${BASE}`))).toBe(true);
    await flush();
    expect(JSON.parse(port.got.at(-1) ?? '')).toMatchObject({ params: { run: RUN, seq: 2 } });
    for (const params of ['"run":"SHOUTED1","seq":1', `"run":"${RUN}","seq":-1`, `"run":"${RUN}","seq":01`]) {
      const bad = Buffer.from(`{"method":"save/journal","params":{${params},"more":false}}\n${BASE}`);
      expect(() => link.takeBulk(bad)).toThrow(MessageError);
    }
  });

  it('hears of trouble, and nothing after it is gone', async () => {
    const disk = new MemoryDisk();
    const { link, receiver, flush } = connect(disk);
    receiver.receive(encode(runOpened, OPEN));
    disk.failure = { code: 'EROFS' };
    link.takeBulk(batch(1, BASE));
    await flush();
    expect(JSON.parse(port.got.at(-1) ?? '')).toMatchObject({ params: { trouble: 'read-only' } });
    const { length } = port.got;
    link.dispose();
    disk.failure = null;
    await flush();
    expect(port.got).toHaveLength(length);
  });

  it('has no journal where there is no home, and knows it', () => {
    const link = new JournalLink(null, port);
    const receiver = new Receiver();
    link.listen(receiver);
    link.greet();
    expect(receiver.receive(encode(runOpened, OPEN))).toBe(true);
    link.takeBulk(batch(1, BASE));
    expect(methods()).toEqual(['save/journal-state', 'save/lost']);
    expect(JSON.parse(port.got[0] ?? '')).toMatchObject({ params: { trouble: 'none' } });
    link.dispose();
  });

  it('takes no frame that is something else', () => {
    const { link } = connect(new MemoryDisk());
    expect(link.takeBulk(Buffer.from(encode(runOpened, OPEN)))).toBe(false);
    expect(() => link.takeBulk(Buffer.from('{"method":"save/other","params":{}}\nx'))).toThrow(MessageError);
    expect(() => link.takeBulk(Buffer.from('no JSON\nx'))).toThrow(MessageError);
    expect(() => link.takeBulk(Buffer.from('null\nx'))).toThrow(MessageError);
    expect(() =>
      link.takeBulk(
        Buffer.from('{"method":"save/journal","params":{"run":"../../etc","seq":1,"more":false}}\nx')
      )
    ).toThrow(MessageError);
  });
});
