import { MemorySessionStore } from './memory-session-store.js';

const login = (id: string, endsAtMs = 1000) => ({ id, browser: 'b', verifier: 'v', next: '/log', endsAtMs });

describe('sessions in memory', () => {
  it('a begun sign-in is taken once, and not after its time', async () => {
    const store = new MemorySessionStore();
    await store.begin(login('a'));
    await store.begin(login('b'));
    expect(await store.take('a', 999)).toEqual(login('a'));
    expect(await store.take('a', 999)).toBeNull();
    expect(await store.take('b', 1000)).toBeNull();
  });

  it('whoever begins sign-ins without end fills a bounded room', async () => {
    const store = new MemorySessionStore();
    for (let at = 0; at <= 50_000; at += 1) {
      await store.begin(login(`${at}`));
    }
    expect(await store.take('0', 0)).toBeNull();
    expect(await store.take('1', 0)).not.toBeNull();
    expect(await store.take('50000', 0)).not.toBeNull();
  });
});
