import { documentsStanding, encode, Receiver, type Reclaim } from '@labkeeper/protocol';
import { PageStandings } from '../../src/reclaim/page-standings.js';
import { FakeClock } from '../fake-clock.js';

const NOTICE: Reclaim = {
  ...{ id: 'n', kind: 'stop', deadlineMs: 2e12, givenAtMs: 1e12, source: 'test', withdrawn: false }
};
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('what pages say of their documents at a notice', () => {
  let clock: FakeClock;
  let standings: PageStandings;
  let flushes: number;
  beforeEach(() => {
    clock = new FakeClock();
    standings = new PageStandings(clock);
    flushes = 0;
  });

  const page = () => {
    const receiver = new Receiver();
    const gone = standings.add(receiver);
    const says = (lostMs: Readonly<Record<string, number>>): void => {
      const documents = Object.entries(lostMs).map(([path, ms]) => ({
        ...{ path, lostMs: ms, place: 'journal' as const }
      }));
      receiver.receive(encode(documentsStanding, { documents, safeAfterMs: null }));
    };
    return { gone, says };
  };
  /** What a hook hears; `undefined` as long as it waits. */
  const ask = (withinMs = 10_000, isWhole = true) => {
    const asked: { answer: unknown } = { answer: undefined };
    void standings
      .flushed(withinMs, () => {
        flushes += 1;
        return Promise.resolve(isWhole);
      })
      .then(answer => (asked.answer = answer));
    return asked;
  };

  it('is waited for until nothing of any page is unsafe; then the journal is flushed once more', async () => {
    const [one, other] = [page(), page()];
    standings.noticed([NOTICE]);
    const asked = ask();
    one.says({ 'a.ipynb': 0, 'b.py': 300 });
    other.says({ 'a.ipynb': 0 });
    await settle();
    expect(asked.answer).toBeUndefined();
    expect(flushes).toBe(1);
    one.says({ 'a.ipynb': 0, 'b.py': 0 });
    await settle();
    expect(asked.answer).toEqual({ documents: 2, unsafeDocuments: 0 });
    expect(flushes).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it('is told as it is when the time is over, and is not known of pages that said nothing', async () => {
    const [one, silent] = [page(), page()];
    standings.noticed([NOTICE]);
    one.says({ 'a.ipynb': 400, 'b.py': 0 });
    const [first] = [ask()];
    clock.advance(9900);
    await settle();
    expect(first?.answer).toBeNull();
    silent.gone();
    const second = ask();
    clock.advance(9900);
    await settle();
    expect(second.answer).toEqual({ documents: 2, unsafeDocuments: 1 });
  });

  it('is asked anew at another notice, not before culling, and nothing without pages', async () => {
    expect((await standings.flushed(0, () => Promise.resolve(true)))?.unsafeDocuments).toBe(0);
    const one = page();
    standings.noticed([NOTICE]);
    one.says({ 'a.ipynb': 0 });
    standings.noticed([{ ...NOTICE, id: 'another' }]);
    const asked = ask();
    await settle();
    expect(asked.answer).toBeUndefined();
    one.says({ 'a.ipynb': 0 });
    await settle();
    expect(asked.answer).toEqual({ documents: 1, unsafeDocuments: 0 });
    standings.noticed([{ ...NOTICE, id: 'cull', kind: 'cull' }]);
    const culled = ask();
    await settle();
    expect(culled.answer).toEqual({ documents: 0, unsafeDocuments: 0 });
  });

  it('is not enough where the journal cannot be written', async () => {
    const one = page();
    standings.noticed([NOTICE]);
    const asked = ask(10_000, false);
    one.says({ 'a.ipynb': 0 });
    await settle();
    expect(asked.answer).toEqual({ documents: 1, unsafeDocuments: 1 });
  });
});
