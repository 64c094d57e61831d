import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { companionHello, parseParams } from '@labkeeper/protocol';
import { HubFolder } from '../../src/hub/hub-folder.js';
import { PolicyNote, type SaidPolicy } from '../../src/policy/policy-note.js';
import { FakeClock } from '../fake-clock.js';
import { HubAndHome } from '../hub-and-home.js';
import type { RunningApp } from '../running-app.js';
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
  let scene: HubAndHome;
  beforeEach(async () => {
    scene = await HubAndHome.make();
  });
  afterEach(() => scene.remove());

  const off = async (app: RunningApp): Promise<readonly string[]> =>
    ((await get(app.socketPath, '/health')).body as { disabled: readonly string[] }).disabled;

  it('obeys what was said last, shows since when, and takes the word of the hub as soon as it is back', async () => {
    scene.hub.off = ['meter', 'deaths'];
    const first = await scene.start();
    await scene.until(first, async () => (await off(first)).includes('meter'));
    await scene.stop(first);
    scene.hubStops();

    const app = await scene.start();
    const page = await app.page();
    await scene.until(app, async () => (await off(app)).length === 2);
    expect(await off(app)).toEqual(['meter', 'deaths']);
    const hello = () => parseParams(companionHello, page.of('hello').at(-1)?.params);
    await scene.until(app, () => hello().disabled.includes('deaths'));
    const { policySaidAtMs } = hello();
    expect(policySaidAtMs).toBeGreaterThan(Date.now() - DAY_MS);
    expect(policySaidAtMs).toBeLessThanOrEqual(scene.clock.wallMs());
    expect(app.logged).toContain(
      `The hub service has not answered yet. As of ${new Date(policySaidAtMs ?? 0).toISOString()} the hub's policy switched meter off: Tried out.`
    );
    const samples = page.of('usage/sample').length;
    await app.pass(60_000, 1000);
    expect(page.of('usage/sample').length - samples).toBe(0);

    scene.hubStarts(hub => (hub.off = ['deaths']));
    await scene.until(app, async () => (await off(app)).join() === 'deaths');
    await scene.until(app, () => hello().policySaidAtMs === null && page.of('usage/sample').length > samples);
    expect(hello().disabled).toEqual(['deaths']);
    expect(app.logged).toContain("The hub's policy switched meter on.");
  });

  it('goes on to record installs whatever was said last, and only the hub makes that a gap', async () => {
    scene.hub.off = ['meter', 'audit'];
    const first = await scene.start();
    await scene.until(first, async () => (await off(first)).includes('audit'));
    await scene.stop(first);
    scene.hubStops();

    const boot = randomUUID();
    const app = await scene.start({ boot });
    await scene.until(app, async () => (await off(app)).includes('meter'));
    await app.pass(60_000, 1000);
    expect(await off(app)).toEqual(['meter']);
    expect(app.logged.join()).not.toContain('switched audit off');

    const gaps = (): unknown[] =>
      scene.hub.records(boot).filter(line => JSON.parse(line).gap?.cause === 'switched-off');
    scene.hubStarts(() => undefined);
    await scene.until(app, () => scene.hub.records(boot).length > 0);
    expect(gaps()).toEqual([]);
    scene.hub.off = ['audit'];
    await scene.until(app, () => gaps().length > 0);
    expect(await off(app)).toEqual(['audit']);
  });

  it('has all parts on where nothing was ever said', async () => {
    scene.hubStops();
    const app = await scene.start();
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
