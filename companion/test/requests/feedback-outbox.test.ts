import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { VerdictFeedback } from '@labkeeper/protocol';
import { HubFolder } from '../../src/hub/hub-folder.js';
import { FeedbackNote } from '../../src/requests/feedback-note.js';
import { FeedbackOutbox } from '../../src/requests/feedback-outbox.js';
import { LATER, type IHubResult } from '../../src/requests/request-hub.js';
import { FakeClock } from '../fake-clock.js';
import { scratch } from '../wire.js';

const DONE: IHubResult = { result: 'done', message: null, text: '{}', laterMs: null };
const PLACE = { service: 'http://hub/services/labkeeper/', user: 'ada' };

function feedback(note: string | null = null): VerdictFeedback {
  return {
    ...{ id: randomUUID(), of: 'death', subject: 'd', toldCause: 'exited', toldConfidence: 'likely' },
    ...{ answer: 'no', cause: 'asked-for', note }
  };
}

describe('answers to "Was this right?"', () => {
  let home = scratch();
  let clock: FakeClock;
  let logged: string[];
  let posted: VerdictFeedback[];
  let settled: string[];
  let answer: () => IHubResult;
  beforeEach(() => {
    home = scratch();
    [clock, logged, posted, settled, answer] = [new FakeClock(), [], [], [], () => LATER];
  });
  afterEach(() => home.remove());

  const folder = (place = PLACE): HubFolder =>
    new HubFolder({ home: home.path, serverName: '', unique: randomUUID(), place });
  const noteIn = (where: HubFolder): FeedbackNote =>
    new FeedbackNote({ folder: where, log: line => logged.push(line) });
  const outbox = (note: FeedbackNote | null): FeedbackOutbox =>
    new FeedbackOutbox({
      ...{ clock, note, random: () => 0.5 },
      hub: {
        post: (_path, body) => {
          posted.push(body as VerdictFeedback);
          return Promise.resolve(answer());
        }
      },
      settled: (id, { result }) => settled.push(`${id} ${result}`)
    });
  const files = (): string[] => {
    try {
      return readdirSync(folder().path).sort();
    } catch {
      // There is no such folder.
      return [];
    }
  };
  /** Leaves an answer in the home, and ends. @returns its file, and what it holds then. */
  async function kept(
    damage: (text: string) => string,
    said = feedback()
  ): Promise<[path: string, text: string]> {
    const note = noteIn(folder());
    const box = outbox(note);
    await box.give(said);
    await note.settled();
    box.dispose();
    const path = join(folder().path, files()[0] ?? '');
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    return [path, readFileSync(path, 'utf8')];
  }
  /** Lets promises and files have their turn. */
  const rest = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 30));

  it('are sent at once where the hub takes them, and nothing is kept', async () => {
    answer = () => DONE;
    const [box, said] = [outbox(noteIn(folder())), feedback()];
    expect((await box.give(said)).result).toBe('done');
    expect([posted, settled, files(), clock.pending]).toEqual([[said], [`${said.id} done`], [], 0]);
  });

  it('are sent again ever more seldom, no sooner than the hub asked, and in their order', async () => {
    answer = () => ({ ...LATER, message: 'Too often.', laterMs: 100_000 });
    const box = outbox(null);
    const all = [feedback('a'), feedback('b'), feedback('c')];
    expect(await box.give(all[0] ?? feedback())).toMatchObject({ result: 'later', message: 'Too often.' });
    // These two wait with the first, and so does the first when another page sends it too.
    for (const said of [...all.slice(1), ...all.slice(0, 1)]) {
      expect((await box.give(said)).result).toBe('later');
    }
    expect(posted).toHaveLength(1);
    clock.advance(99_999);
    await rest();
    expect(posted).toHaveLength(1);
    answer = () => LATER;
    clock.advance(10_000);
    await rest();
    expect(posted).toHaveLength(2);
    answer = () => DONE;
    clock.advance(50_000);
    await rest();
    expect(posted.slice(2)).toEqual(all);
    expect(settled).toEqual(all.map(({ id }) => `${id} done`));
    expect(clock.pending).toBe(0);
  });

  it('wait over a restart, and go to nobody but the hub and in the name of whom they were for', async () => {
    const note = noteIn(folder());
    const [box, said] = [outbox(note), feedback('It was me: "é".')];
    await box.give(said);
    box.dispose();
    await note.settled();
    expect(files()).toHaveLength(1);
    answer = () => DONE;
    for (const place of [
      { ...PLACE, user: 'ben' },
      { ...PLACE, service: 'http://elsewhere/' }
    ]) {
      const other = outbox(noteIn(folder(place)));
      await other.start();
      clock.advance(60_000);
      await rest();
    }
    expect(posted).toHaveLength(1);
    const after = noteIn(folder());
    const later = outbox(after);
    await later.start();
    clock.advance(60_000);
    await rest();
    await after.settled();
    expect(posted.slice(1)).toEqual([said]);
    expect([files(), settled, logged]).toEqual([[], [`${said.id} done`], []]);
  });

  it.each<[string, (text: string) => string]>([
    ['cut', text => text.slice(0, -5)],
    ["another user's", text => text.replace('"ada"', '"eve"')],
    ['of members that nobody knows', text => text.replace('"answer"', '"more":1,"answer"')],
    ['huge', text => text + ' '.repeat(3_000_000)]
  ])('that were kept and are %s are not sent but kept aside, and the log says so', async (_what, damage) => {
    const [path, damaged] = await kept(damage);
    const [note, said] = [noteIn(folder()), feedback()];
    const later = outbox(note);
    await later.start();
    clock.advance(600_000);
    await rest();
    expect(posted).toHaveLength(1);
    expect(logged).toEqual([expect.stringMatching(/^Answers that wait for the hub /)]);
    // A new one has the name, and the damaged ones are where the log says.
    await later.give(said);
    await note.settled();
    expect(readFileSync(path, 'utf8')).toContain(said.id);
    const [, aside = ''] = / kept as (.+)\.$/.exec(logged[0] ?? '') ?? [];
    expect(readFileSync(aside, 'utf8')).toBe(damaged);
  });

  it('that cannot be read nor put aside are left as they are, and new ones are remembered', async () => {
    const [path, damaged] = await kept(text => text.slice(1));
    const stuck = folder();
    stuck.setAside = () => Promise.reject(new Error('EROFS: read-only file system'));
    const [note, said] = [noteIn(stuck), feedback()];
    const box = outbox(note);
    await box.start();
    expect((await box.give(said)).result).toBe('later');
    await note.settled();
    expect(readFileSync(path, 'utf8')).toBe(damaged);
    expect(logged).toEqual([expect.stringContaining('They stay in ')]);
    answer = () => DONE;
    clock.advance(60_000);
    await rest();
    expect([settled, readFileSync(path, 'utf8')]).toEqual([[`${said.id} done`], damaged]);
  });

  it('that the disk does not give now stay where they are, and are read and sent as soon as it does', async () => {
    const [path, text] = await kept(same => same);
    const troubled = folder();
    const failure = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    const read = jest.spyOn(troubled, 'read').mockRejectedValue(failure);
    const [note, said] = [noteIn(troubled), feedback()];
    const box = outbox(note);
    await box.start();
    expect((await box.give(said)).result).toBe('later');
    clock.advance(120_000);
    await rest();
    await note.settled();
    expect([files(), readFileSync(path, 'utf8')]).toEqual([[basename(path)], text]);
    expect(logged).toEqual([expect.stringMatching(/^Answers that wait for the hub cannot be read now: /)]);
    read.mockRestore();
    for (let minute = 0; minute < 3; minute += 1) {
      clock.advance(60_000);
      await rest();
    }
    await note.settled();
    expect(readFileSync(path, 'utf8')).toContain(said.id);
    answer = () => DONE;
    clock.advance(60_000);
    await rest();
    await note.settled();
    expect([settled.length, files(), logged.length]).toEqual([2, [], 1]);
    box.dispose();
  });

  it('are not asked of the disk any more after the end', async () => {
    const troubled = folder();
    troubled.read = () => Promise.reject(Object.assign(new Error('EMFILE'), { code: 'EMFILE' }));
    const box = outbox(noteIn(troubled));
    await box.start();
    box.dispose();
    expect(clock.pending).toBe(0);
  });

  it('are not written before it is known what was kept, however slow the home is', async () => {
    const first = feedback();
    await kept(text => text, first);
    const slow = folder();
    const read = slow.read.bind(slow);
    let go = (): void => undefined;
    const waits = new Promise<void>(resolve => (go = resolve));
    slow.read = (...named) => waits.then(() => read(...named));
    const [note, second] = [noteIn(slow), feedback()];
    const box = outbox(note);
    const started = box.start();
    expect((await box.give(second)).result).toBe('later');
    await note.settled();
    const text = (): string => readFileSync(join(folder().path, files()[0] ?? ''), 'utf8');
    expect([text().includes(first.id), text().includes(second.id)]).toEqual([true, false]);
    go();
    await started;
    await note.settled();
    expect([text().includes(first.id), text().includes(second.id)]).toEqual([true, true]);
  });

  it('are told to be refused where a hundred wait already, the oldest first', async () => {
    const box = outbox(null);
    const all = Array.from({ length: 102 }, () => feedback());
    for (const said of all) {
      await box.give(said);
    }
    expect(settled).toEqual(all.slice(0, 2).map(({ id }) => `${id} refused`));
  });

  it('are remembered as long as the companion where nothing can be kept', async () => {
    mkdirSync(join(home.path, '.local/share'), { recursive: true });
    writeFileSync(join(home.path, '.local/share/labkeeper'), 'a file where the folder should be');
    const note = noteIn(folder());
    const [box, said] = [outbox(note), feedback()];
    await box.start();
    await box.give(said);
    await note.settled();
    expect(logged.every(line => line.startsWith('Answers that wait for the hub cannot be '))).toBe(true);
    answer = () => DONE;
    clock.advance(60_000);
    await rest();
    expect(settled).toEqual([`${said.id} done`]);
  });
});
