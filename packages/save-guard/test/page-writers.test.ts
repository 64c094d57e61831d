import type { ICompanion } from '@labkeeper/labkit';
import { PageWriters } from '../src/page-writers.js';

/** The locks of one browser, as `navigator.locks` gives them. */
class FakeLocks {
  request(name: string, { signal }: { signal: AbortSignal }, held: () => Promise<void>): Promise<void> {
    const before = this.tails.get(name) ?? Promise.resolve();
    const mine = before.then(() => (signal.aborted ? undefined : held()));
    this.tails.set(name, mine);
    return mine;
  }
  private readonly tails = new Map<string, Promise<void>>();
}

const settled = () => new Promise(resolve => setTimeout(resolve));

describe('PageWriters', () => {
  let told: object[];
  let timers: (() => void)[];
  let isConnected: boolean;
  const page = () =>
    new PageWriters({
      companion: {
        send: (frame: string) => {
          if (isConnected) {
            told.push(JSON.parse(frame).params.documents);
          }
          return isConnected;
        }
      } as unknown as ICompanion,
      clock: {
        now: () => 0,
        after: (_, callback) => {
          timers.push(callback);
          return { isDisposed: false, dispose: () => undefined };
        }
      },
      server: 'http://localhost/',
      changed: () => undefined
    });
  const tell = async () => {
    await settled();
    timers.splice(0).forEach(timer => timer());
  };

  beforeEach(() => {
    told = [];
    timers = [];
    isConnected = true;
    Object.defineProperty(navigator, 'locks', { value: new FakeLocks(), configurable: true });
  });

  it('tells all documents together, once', async () => {
    const one = page();
    one.opened('a.ipynb');
    one.opened('b.ipynb');
    one.opened('b.ipynb');
    await tell();
    expect(told).toEqual([
      [
        { path: 'a.ipynb', writes: true },
        { path: 'b.ipynb', writes: true }
      ]
    ]);
  });

  it('would write only what it has the browser’s lock for, and takes over', async () => {
    const one = page();
    const other = page();
    one.opened('a.ipynb');
    await settled();
    other.opened('a.ipynb');
    await tell();
    expect(told).toEqual([[{ path: 'a.ipynb', writes: true }], [{ path: 'a.ipynb', writes: false }]]);
    expect([one.writer('a.ipynb'), other.writer('a.ipynb')]).toEqual(['this-page', 'other-tab-writes']);
    one.closed('a.ipynb');
    await settled();
    await settled();
    expect(other.writer('a.ipynb')).toBe('this-page');
    await tell();
    expect(told.at(-1)).toEqual([{ path: 'a.ipynb', writes: true }]);
  });

  it('leaves to another browser what the companion says, until the connection is another', async () => {
    const one = page();
    one.opened('a.ipynb');
    await tell();
    one.heard(['a.ipynb']);
    expect(one.writer('a.ipynb')).toBe('other-page-writes');
    one.reconnected(false);
    expect(one.writer('a.ipynb')).toBe('this-page');
    one.reconnected(true);
    await tell();
    expect(told).toHaveLength(2);
  });

  it('tells a document that could not be opened once, and never writes it', async () => {
    const one = page();
    one.failedToOpen('a.ipynb');
    await tell();
    await tell();
    await tell();
    expect(told).toEqual([[{ path: 'a.ipynb', writes: false }], []]);
  });

  it('tells it when there is a connection again', async () => {
    const one = page();
    isConnected = false;
    one.failedToOpen('a.ipynb');
    await tell();
    expect(told).toEqual([]);
    isConnected = true;
    one.reconnected(true);
    await tell();
    expect(told).toEqual([[{ path: 'a.ipynb', writes: false }]]);
  });

  it('closes a path with its last document', async () => {
    const one = page();
    one.opened('a.ipynb');
    one.opened('a.ipynb');
    one.closed('a.ipynb');
    await tell();
    expect(told.at(-1)).toHaveLength(1);
    one.closed('a.ipynb');
    await tell();
    expect(told.at(-1)).toEqual([]);
  });
});
