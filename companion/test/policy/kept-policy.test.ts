import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { companionHello, parseParams } from '@labkeeper/protocol';
import { HubFolder } from '../../src/hub/hub-folder.js';
import { PolicyNote, type SaidPolicy } from '../../src/policy/policy-note.js';
import { TestHub } from '../audit/test-hub.js';
import { FakeClock } from '../fake-clock.js';
import { NO_SITES } from '../installed/watched.js';
import { RunningApp } from '../running-app.js';
import { get, scratch } from '../wire.js';

jest.setTimeout(60_000);

const DAY_MS = 86_400_000;
const SAID: SaidPolicy = {
  policy: 'a'.repeat(64),
  off: [{ part: 'meter', reason: 'Loud.' }],
  events: { send: true, errors: false }
};

describe('what policy said last', () => {
  let home = scratch();
  let clock: FakeClock;
  let logged: string[];
  beforeEach(() => {
    [home, clock, logged] = [scratch(), new FakeClock(), []];
  });
  afterEach(() => home.remove());

  const place = { service: 'http://hub/services/labkeeper/', user: 'ada' };
  const folder = (more: object = {}): HubFolder =>
    new HubFolder({ home: home.path, serverName: '', unique: randomUUID(), place: { ...place, ...more } });
  const noteIn = (where = folder()): PolicyNote =>
    new PolicyNote({ folder: where, clock, log: line => logged.push(line) });
  async function keep(said = SAID): Promise<string> {
    const note = noteIn();
    note.said(said);
    await note.settled();
    return join(folder().path, readdirSync(folder().path)[0] ?? '');
  }

  it('is known to the next companion, with its time', async () => {
    const saidAtMs = clock.wallMs();
    await keep();
    clock.advance(20 * DAY_MS);
    expect(await noteIn().read()).toEqual({ labkeeperPolicy: 1, place, saidAtMs, ...SAID });
    expect(logged).toEqual([]);
  });

  it('is written when it changes, and once an hour while the hub says the same', async () => {
    const note = noteIn();
    note.said(SAID);
    await note.settled();
    const path = join(folder().path, readdirSync(folder().path)[0] ?? '');
    const times = new Set<number>();
    for (let minute = 0; minute < 130; minute += 1) {
      note.confirmed();
      await note.settled();
      times.add(JSON.parse(readFileSync(path, 'utf8')).saidAtMs);
      clock.advance(60_000);
    }
    expect(times.size).toBe(3);
    note.said({ ...SAID, off: [] });
    await note.settled();
    expect((await noteIn().read())?.off).toEqual([]);
  });

  it('is nothing before it was said once, and nothing to another hub or user', async () => {
    expect(await noteIn().read()).toBeNull();
    await keep();
    expect(await noteIn(folder({ user: 'ben' })).read()).toBeNull();
    expect(await noteIn(folder({ service: 'http://elsewhere/' })).read()).toBeNull();
    expect(logged).toEqual([]);
  });

  it.each<[string, (path: string) => void]>([
    ['is cut', path => writeFileSync(path, readFileSync(path, 'utf8').slice(0, -9))],
    ['is no UTF-8', path => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00]))],
    ['names a part that no policy switches', path => edit(path, '"meter"', '"companion"')],
    ['says more than it may', path => edit(path, '{"labkeeperPolicy"', '{"more":1,"labkeeperPolicy"')],
    ['is of another user', path => edit(path, '"ada"', '"eve"')],
    ['is of another hub', path => edit(path, 'http://hub/', 'http://hub2/')],
    ['is huge', path => writeFileSync(path, ' '.repeat(50 * 1024 * 1024))],
    ['is a month old', () => clock.advance(31 * DAY_MS)],
    ['is of next week', () => clock.stepWall(-7 * DAY_MS)],
    [
      'is a folder',
      path => {
        rmSync(path);
        mkdirSync(path);
      }
    ],
    [
      'is a link',
      path => {
        rmSync(path);
        symlinkSync('/etc/passwd', path);
      }
    ]
  ])('is not obeyed where the file %s, and one sentence says so', async (_what, damage) => {
    damage(await keep());
    expect(await noteIn().read()).toBeNull();
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(
      /^What the hub's policy said last is not obeyed, because .+: until the hub .+\.$/
    );
  });

  it('is not kept where it cannot be, and one sentence says so', async () => {
    mkdirSync(join(home.path, '.local/share'), { recursive: true });
    writeFileSync(join(home.path, '.local/share/labkeeper'), 'a file where the folder should be');
    const note = noteIn();
    note.said(SAID);
    await note.settled();
    note.said({ ...SAID, off: [] });
    await note.settled();
    expect(logged).toEqual([expect.stringMatching(/^What the hub's policy says cannot be kept /)]);
  });
});

describe('a companion that begins while the hub service is away', () => {
  let home = scratch();
  let hub: TestHub;
  let url: URL;
  const clock = new FakeClock(Date.now() + 60_000);
  const apps: RunningApp[] = [];
  beforeEach(async () => {
    home = scratch();
    hub = await TestHub.start();
    ({ url } = hub);
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map(app => app.stop()));
    await hub.stop();
    home.remove();
  });

  async function start(): Promise<RunningApp> {
    const app = await RunningApp.start({
      ...{ home: home.path, boot: randomUUID(), clock },
      audit: {
        serviceUrl: url,
        token: 'secret',
        user: 'ada',
        hub: null,
        image: null,
        warnings: [],
        sites: NO_SITES
      }
    });
    apps.push(app);
    return app;
  }
  const off = async (app: RunningApp): Promise<readonly string[]> =>
    ((await get(app.socketPath, '/health')).body as { disabled: readonly string[] }).disabled;
  async function until(app: RunningApp, holds: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = performance.now() + 20_000;
    while (!(await holds())) {
      expect(performance.now()).toBeLessThan(endMs);
      await app.pass(2000, 500);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  it('obeys what was said last, shows since when, and takes the word of the hub as soon as it is back', async () => {
    hub.off = ['meter', 'audit'];
    const first = await start();
    await until(first, async () => (await off(first)).includes('meter'));
    await apps.splice(0)[0]?.stop('asked');
    await hub.stop();

    const app = await start();
    const page = await app.page();
    await until(app, async () => (await off(app)).length === 2);
    expect(await off(app)).toEqual(['meter', 'audit']);
    const hello = () => parseParams(companionHello, page.of('hello').at(-1)?.params);
    await until(app, () => hello().disabled.includes('audit'));
    const { policySaidAtMs } = hello();
    expect(policySaidAtMs).toBeGreaterThan(Date.now() - DAY_MS);
    expect(policySaidAtMs).toBeLessThanOrEqual(clock.wallMs());
    expect(app.logged).toContain(
      `The hub service has not answered yet. As of ${new Date(policySaidAtMs ?? 0).toISOString()} the hub's policy switched meter off: Tried out.`
    );
    const samples = page.of('usage/sample').length;
    await app.pass(60_000, 1000);
    expect(page.of('usage/sample').length - samples).toBe(0);

    hub = await TestHub.start(Number(url.port));
    hub.off = ['audit'];
    await until(app, async () => (await off(app)).join() === 'audit');
    await until(app, () => hello().policySaidAtMs === null && page.of('usage/sample').length > samples);
    expect(hello().disabled).toEqual(['audit']);
    expect(app.logged).toContain("The hub's policy switched meter on.");
  });

  it('has all parts on where nothing was ever said', async () => {
    await hub.stop();
    const app = await start();
    const page = await app.page();
    await app.pass(60_000, 1000);
    expect(await off(app)).toEqual([]);
    expect(page.of('hello').map(({ params }) => params['policySaidAtMs'])).toEqual([null]);
  });
});

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}
