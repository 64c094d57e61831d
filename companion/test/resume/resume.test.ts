import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenDocument } from '@labkeeper/protocol';
import { Resume } from '../../src/resume/resume.js';
import { SessionFile, type ISessions } from '../../src/resume/session-file.js';
import { FakeClock } from '../fake-clock.js';
import { scratch } from '../wire.js';

const open = (path: string, more: Partial<OpenDocument> = {}): OpenDocument => ({
  path,
  kind: 'notebook',
  savedAtMs: null,
  running: null,
  ...more
});
const running = { kernelId: 'k', line: 'train()', sinceMs: 5, waiting: 0 };

/** A file in memory, and how often it was written. */
class MemoryFile {
  sessions: ISessions = { current: null, earlier: null };
  writes: boolean[] = [];

  read(): Promise<ISessions> {
    return Promise.resolve(this.sessions);
  }

  write(sessions: ISessions, durable: boolean): Promise<boolean> {
    this.sessions = sessions;
    this.writes.push(durable);
    return Promise.resolve(true);
  }
}

const start = async (file: MemoryFile, server: string, clock = new FakeClock()) => {
  const resume = new Resume<string>({
    file,
    boot: `boot of ${server}`,
    serverId: server,
    clock,
    changed: () => undefined
  });
  await resume.start();
  return { resume, clock };
};
/** Lets what was begun go on. */
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('what was open', () => {
  it('is told by the next server, with what ran', async () => {
    const file = new MemoryFile();
    const { resume, clock } = await start(file, 'one');
    resume.tell('page', [open('a', { running }), open('b', { savedAtMs: 7 })]);
    clock.advance(2000);
    await settle();
    const next = await start(file, 'two');
    expect(next.resume.earlier).toMatchObject({
      id: 'boot of one',
      orderly: false,
      documents: [open('a', { running }), open('b', { savedAtMs: 7 })]
    });
  });

  it('is noted within two seconds, also of a server in which nothing was open so far', async () => {
    const file = new MemoryFile();
    const { resume, clock } = await start(file, 'one');
    clock.advance(2000);
    await settle();
    resume.tell('page', [open('a')]);
    clock.advance(2000);
    await settle();
    expect(file.sessions.current?.session.documents).toEqual([open('a')]);
  });

  it('is told as it was when the server began to stop, and that it did so in order', async () => {
    const file = new MemoryFile();
    const { resume } = await start(file, 'one');
    resume.tell('page', [open('a', { running })]);
    resume.stopping();
    resume.kernels([]);
    resume.gone('page');
    await resume.close(true);
    const next = await start(file, 'two');
    expect(next.resume.earlier).toMatchObject({ orderly: true, documents: [open('a', { running })] });
  });

  it('is still told by a companion that takes another’s place, which is no new server', async () => {
    const file = new MemoryFile();
    const first = await start(file, 'one');
    first.resume.tell('page', [open('a')]);
    await first.resume.close(false);
    const second = await start(file, 'two');
    second.resume.tell('page', [open('b')]);
    await second.resume.flush();
    const third = await start(file, 'two');
    expect(third.resume.earlier?.documents).toEqual([open('a')]);
  });

  it('is told until the user dismisses it', async () => {
    const file = new MemoryFile();
    const first = await start(file, 'one');
    first.resume.tell('page', [open('a')]);
    await first.resume.close(true);
    const { resume } = await start(file, 'two');
    resume.seen('boot of one', 'told');
    expect(resume.earlier?.told).toBe(true);
    resume.seen('boot of one', 'dismissed');
    expect(resume.earlier).toBeNull();
    await resume.flush();
    expect((await start(file, 'two')).resume.earlier).toBeNull();
  });

  it('of a server without pages says nothing against the one before', async () => {
    const file = new MemoryFile();
    const first = await start(file, 'one');
    first.resume.tell('page', [open('a')]);
    await first.resume.close(true);
    await (await start(file, 'two')).resume.close(true);
    expect((await start(file, 'three')).resume.earlier?.id).toBe('boot of one');
  });
});

it('cells that run one after the other cost a write in ten seconds, without an fsync', async () => {
  const file = new MemoryFile();
  const { resume, clock } = await start(file, 'one');
  for (let second = 0; second < 60; second += 1) {
    resume.tell('page', [open('a', { running: { ...running, sinceMs: second } })]);
    clock.advance(1000);
    await settle();
  }
  expect(file.writes.length).toBeGreaterThan(3);
  expect(file.writes.length).toBeLessThanOrEqual(7);
  expect(file.writes.filter(durable => durable)).toEqual([]);
  // While nothing changes, nothing is written.
  clock.advance(600_000);
  await settle();
  const writes = file.writes.length;
  clock.advance(600_000);
  await settle();
  expect(file.writes.length).toBe(writes);
});

describe('the file', () => {
  let folder: ReturnType<typeof scratch>;

  beforeEach(() => {
    folder = scratch();
  });
  afterEach(() => folder.remove());

  const at = (home = folder.path) => {
    const logged: string[] = [];
    const journalFolder = join(home, '.local/share/labkeeper/journal/default');
    const file = new SessionFile({
      home,
      serverName: '',
      journalFolder,
      unique: 'u',
      log: line => logged.push(line)
    });
    return { file, logged, journalFolder };
  };
  const session = {
    id: 'boot',
    startedAtMs: 1,
    lastAtMs: 2,
    orderly: true,
    documents: [open('a', { running })],
    told: false
  };

  it('is read as it was written, and nothing is left beside it', async () => {
    const { file, logged, journalFolder } = at();
    const sessions = { current: { serverId: 's', session }, earlier: session };
    expect(await file.write(sessions, true)).toBe(true);
    expect(await file.write(sessions, false)).toBe(true);
    expect(await file.read(Date.now())).toEqual(sessions);
    expect(readdirSync(join(journalFolder, '..')).sort()).toEqual(['default', 'default.session']);
    expect(logged).toEqual([]);
  });

  it('counts as none when it is damaged, or of a shape that is none', async () => {
    const { file, journalFolder } = at();
    mkdirSync(join(journalFolder, '..'), { recursive: true });
    for (const text of [
      '',
      '{"current":',
      '[]',
      '{"current":{"serverId":"s","session":{"id":5}},"earlier":null}'
    ]) {
      writeFileSync(`${journalFolder}.session`, text);
      expect(await file.read(Date.now())).toEqual({ current: null, earlier: null });
      expect(readFileSync(`${journalFolder}.session`, 'utf8')).toBe(text);
    }
  });

  it('that cannot be written is told once in the log', async () => {
    writeFileSync(join(folder.path, '.local'), 'a file');
    const { file, logged } = at();
    expect(await file.write({ current: null, earlier: null }, true)).toBe(false);
    expect(await file.write({ current: null, earlier: null }, true)).toBe(false);
    expect(logged).toHaveLength(1);
    // As soon as it can be, it is.
    rmSync(join(folder.path, '.local'));
    expect(await file.write({ current: null, earlier: null }, true)).toBe(true);
  });
});
