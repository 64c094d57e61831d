import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import type { JournalRecord } from '@labkeeper/protocol';
import { recoverDocument } from '../../src/recovery/recover-document.js';
import { RecoveryError } from '../../src/recovery/recovery-error.js';
import { FakeClock } from '../fake-clock.js';
import { runId } from '../journal/scene.js';
import { scratch } from '../wire.js';
import { boot, NextBoot } from './flow.js';
import { base, code, notebookText, sha256, sourcesOf, typed } from './notebooks.js';

const FILE = notebookText([code('one'), code('two')]);
const EDITS: JournalRecord[][] = [
  [base(FILE, 2), typed(0, 'one', 3, '!')],
  [{ t: 'src', c: 1, v: 'second' }]
];
const EDITED = ['one!', 'second'];
const COPY = 'a (recovered 2026-11-26 10.41).ipynb';
const KEPT = 'a (before recovery 2026-11-26 10.41).ipynb';

describe('work of an earlier start', () => {
  let home: ReturnType<typeof scratch>;
  let root: string;
  beforeEach(() => {
    home = scratch();
    root = join(home.path, 'work');
    mkdirSync(root);
    writeFileSync(join(root, 'a.ipynb'), FILE);
  });
  afterEach(() => home.remove());

  const next = (options = {}): NextBoot => new NextBoot(home.path, root, options);
  const names = (): string[] => readdirSync(root).sort();
  const sources = (name: string): unknown[] => sourcesOf(readFileSync(join(root, name)));
  const leave = (path = 'a.ipynb', run = runId(1), batches = EDITS): Promise<void> =>
    boot(home.path, 'first', [{ run, path, batches }]);

  it('is found also where the home could not be read at the start', async () => {
    await leave();
    const clock = new FakeClock();
    const then = next({ clock });
    const read = then.earlier.read.bind(then.earlier);
    then.earlier.read = () =>
      Promise.reject(Object.assign(new Error('It was made to fail.'), { code: 'ESTALE' }));
    await then.started();
    expect(then.all).toEqual([]);
    then.earlier.read = read;
    clock.advance(5000);
    await then.recoveries.settled();
    await then.recoveries.settled();
    expect(then.all).toHaveLength(1);
    expect(then.log).toHaveLength(1);
  });

  it('lies beside the original after the next start, and is told', async () => {
    await leave();
    const then = await next().started();
    expect(names()).toEqual([COPY, 'a.ipynb'].sort());
    expect(sources(COPY)).toEqual(EDITED);
    expect(readFileSync(join(root, 'a.ipynb'), 'utf8')).toBe(FILE);
    expect(then.all).toEqual([
      {
        id: `first/${runId(1)}`,
        path: 'a.ipynb',
        kind: 'notebook',
        lastAtMs: expect.any(Number),
        savedAtMs: null,
        copyPath: COPY,
        changedCells: 2,
        bytes: statSync(join(root, COPY)).size,
        sameServer: false,
        problem: null,
        origin: 'journal'
      }
    ]);
    expect(then.published).toEqual([then.all]);
    expect(then.journal).toEqual(['first.0.journal']);
    expect(then.log).toEqual([]);
  });

  it('gets no second copy at the starts after that, and one again when it was removed', async () => {
    await leave();
    const first = await next().started();
    const second = await next().started();
    expect(names()).toHaveLength(2);
    expect(second.all).toEqual(first.all);
    // She works in the copy.
    writeFileSync(join(root, COPY), notebookText([code('hers')]));
    const third = await next().started();
    expect(names()).toHaveLength(2);
    expect(third.only.copyPath).toBe(COPY);
    rmSync(join(root, COPY));
    const fourth = await next().started();
    expect(fourth.only.copyPath).toBe(COPY);
    expect(sources(COPY)).toEqual(EDITED);
  });

  it('takes another name where one is taken', async () => {
    await leave();
    writeFileSync(join(root, COPY), 'hers');
    symlinkSync('nowhere', join(root, COPY.replace(').', ' 2).')));
    const then = await next().started();
    expect(then.only.copyPath).toBe(COPY.replace(').', ' 3).'));
    expect(readFileSync(join(root, COPY), 'utf8')).toBe('hers');
  });

  it('is recovered one by one, the oldest first, and found in whatever folder', async () => {
    mkdirSync(join(root, 'sub'));
    writeFileSync(join(root, 'sub/b.py'), 'x\n');
    await boot(home.path, 'first', [
      { run: runId(1), path: 'a.ipynb', batches: EDITS },
      { run: runId(2), path: 'sub/b.py', batches: [[base('x\n', 1), typed(0, 'x\n', 1, 'y')]] }
    ]);
    const then = await next().started();
    expect(then.published.map(list => list.length)).toEqual([1, 2]);
    expect(then.all.map(({ copyPath }) => copyPath)).toEqual([COPY, 'sub/b (recovered 2026-11-26 10.41).py']);
    expect(readFileSync(join(root, 'sub/b (recovered 2026-11-26 10.41).py'), 'utf8')).toBe('xy\n');
  });

  it('is forgotten without a word where the file has it', async () => {
    await leave();
    writeFileSync(join(root, 'a.ipynb'), notebookText([code('one!'), code('second')]));
    const then = await next().started();
    expect(then.published).toEqual([]);
    expect(names()).toEqual(['a.ipynb']);
    expect(then.journal).toEqual([]);
  });

  describe('when she decides', () => {
    it('to restore it takes the place of the original, which is kept', async () => {
      await leave();
      const then = await next().started();
      await then.recoveries.decide(then.only.id, 'restore');
      expect(names()).toEqual([KEPT, 'a.ipynb'].sort());
      expect(sources('a.ipynb')).toEqual(EDITED);
      expect(readFileSync(join(root, KEPT), 'utf8')).toBe(FILE);
      expect(statSync(join(root, 'a.ipynb')).nlink).toBe(1);
      expect(then.all).toEqual([]);
      expect(then.published.at(-1)).toEqual([]);
      expect(then.journal).toEqual([]);
      expect(then.state.all).toEqual([]);
      expect((await next().started()).published).toEqual([]);
    });

    it('to restore it, after she worked in the copy, that is restored', async () => {
      await leave();
      const then = await next().started();
      writeFileSync(join(root, COPY), notebookText([code('hers')]));
      await then.recoveries.decide(then.only.id, 'restore');
      expect(sources('a.ipynb')).toEqual(['hers']);
    });

    it('to restore it over a file that changed since, both stay, and she is asked again', async () => {
      await leave();
      const then = await next().started();
      const theirs = notebookText([code('theirs')]);
      writeFileSync(join(root, 'a.ipynb'), theirs);
      await then.recoveries.decide(then.only.id, 'restore');
      expect(then.only).toMatchObject({ problem: 'file-changed', copyPath: COPY });
      expect(readFileSync(join(root, 'a.ipynb'), 'utf8')).toBe(theirs);
      expect(sources(COPY)).toEqual(EDITED);
      // At the next start still, and now she means it.
      const again = await next().started();
      expect(again.only).toMatchObject({ problem: 'file-changed', copyPath: COPY });
      await again.recoveries.decide(again.only.id, 'restore');
      expect(sources('a.ipynb')).toEqual(EDITED);
      expect(readFileSync(join(root, KEPT), 'utf8')).toBe(theirs);
      expect(again.all).toEqual([]);
    });

    it('to restore it where the original is gone, it gets its name', async () => {
      await leave();
      const then = await next().started();
      rmSync(join(root, 'a.ipynb'));
      await then.recoveries.decide(then.only.id, 'restore');
      expect(names()).toEqual(['a.ipynb']);
      expect(sources('a.ipynb')).toEqual(EDITED);
      expect(then.all).toEqual([]);
    });

    it('to restore over a link, the link stays', async () => {
      const outside = scratch();
      writeFileSync(join(outside.path, 'real.ipynb'), FILE);
      rmSync(join(root, 'a.ipynb'));
      symlinkSync(join(outside.path, 'real.ipynb'), join(root, 'a.ipynb'));
      await leave();
      const then = await next().started();
      await then.recoveries.decide(then.only.id, 'restore');
      expect(realpathSync(join(root, 'a.ipynb'))).toBe(join(realpathSync(outside.path), 'real.ipynb'));
      expect(sourcesOf(readFileSync(join(outside.path, 'real.ipynb')))).toEqual(EDITED);
      expect(readFileSync(join(root, KEPT), 'utf8')).toBe(FILE);
      outside.remove();
    });

    it('to restore a copy that is gone, it is made again and she is asked again', async () => {
      await leave();
      const then = await next().started();
      rmSync(join(root, COPY));
      await then.recoveries.decide(then.only.id, 'restore');
      expect(then.only.copyPath).toBe(COPY);
      expect(readFileSync(join(root, 'a.ipynb'), 'utf8')).toBe(FILE);
      expect(sources(COPY)).toEqual(EDITED);
    });

    it('to keep both, the copy stays and the journal has done its duty', async () => {
      await leave();
      const then = await next().started();
      await then.recoveries.decide(then.only.id, 'keep-both');
      expect(names()).toEqual([COPY, 'a.ipynb'].sort());
      expect(then.all).toEqual([]);
      expect(then.journal).toEqual([]);
      expect(then.state.all).toEqual([]);
    });

    it('to keep both, a copy that was removed is there again', async () => {
      await leave();
      const then = await next().started();
      rmSync(join(root, COPY));
      await then.recoveries.decide(then.only.id, 'keep-both');
      expect(sources(COPY)).toEqual(EDITED);
      expect(then.journal).toEqual([]);
    });

    it('to discard it, it is gone, unless she had worked in it', async () => {
      await leave();
      const then = await next().started();
      await then.recoveries.decide(then.only.id, 'discard');
      expect(names()).toEqual(['a.ipynb']);
      expect(then.journal).toEqual([]);

      await leave();
      const other = await next().started();
      writeFileSync(join(root, COPY), 'hers');
      await other.recoveries.decide(other.only.id, 'discard');
      expect(names()).toEqual([COPY, 'a.ipynb'].sort());
      expect(other.journal).toEqual([]);
    });

    it('twice, or about what nobody knows, it is done once', async () => {
      await leave();
      const then = await next().started();
      const { id } = then.only;
      await Promise.all([
        then.recoveries.decide(id, 'keep-both'),
        then.recoveries.decide(id, 'discard'),
        then.recoveries.decide('no such', 'discard')
      ]);
      expect(names()).toEqual([COPY, 'a.ipynb'].sort());
      expect(then.log).toEqual([]);
    });
  });

  describe('that cannot be recovered', () => {
    it('is told with the reason, stays in the journal, and is tried again at the next start', async () => {
      await leave();
      writeFileSync(join(root, 'a.ipynb'), notebookText([code('theirs')]));
      const edits = EDITS.slice(0, 1);
      await boot(home.path, 'second', [{ run: runId(2), path: 'a.ipynb', batches: edits }]);
      const then = await next().started();
      expect(then.all).toMatchObject([
        // A whole source is certain.
        { id: `first/${runId(1)}`, problem: 'file-changed', copyPath: COPY, changedCells: 1 },
        { id: `second/${runId(2)}`, problem: 'file-changed', copyPath: null, changedCells: 0 }
      ]);
      expect(then.log).toHaveLength(1);
      expect(then.journal.sort()).toEqual(['first.0.journal', 'second.0.journal']);
      writeFileSync(join(root, 'a.ipynb'), FILE);
      const again = await next().started();
      expect(again.all.map(({ problem }) => problem)).toEqual(['file-changed', null]);
    });

    it('is tried again when she wants it, and forgotten when she does not', async () => {
      await leave('gone.ipynb', runId(1), EDITS.slice(0, 1));
      const then = await next().started();
      expect(then.only).toMatchObject({ problem: 'file-missing', copyPath: null });
      await then.recoveries.decide(then.only.id, 'keep-both');
      expect(then.only).toMatchObject({ problem: 'file-missing', copyPath: null });
      writeFileSync(join(root, 'gone.ipynb'), FILE);
      await then.recoveries.decide(then.only.id, 'keep-both');
      expect(then.all).toEqual([]);
      expect(names()).toContain('gone (recovered 2026-11-26 10.41).ipynb');

      await leave('gone2.ipynb', runId(2), EDITS.slice(0, 1));
      const other = await next().started();
      await other.recoveries.decide(other.only.id, 'discard');
      expect(other.all).toEqual([]);
      expect(other.journal).toEqual([]);
    });

    it('keeps nobody else waiting when recovery itself fails', async () => {
      writeFileSync(join(root, 'b.ipynb'), FILE);
      await boot(home.path, 'first', [
        { run: runId(1), path: 'a.ipynb', batches: EDITS },
        { run: runId(2), path: 'b.ipynb', batches: EDITS }
      ]);
      const then = await next({
        prepare: (run: Parameters<typeof recoverDocument>[0]) =>
          run.path === 'a.ipynb' ? Promise.reject(new Error('a bug')) : recoverDocument(run, root)
      }).started();
      expect(then.all.map(({ problem }) => problem)).toEqual(['unreadable', null]);
      expect(then.log.join()).toContain('a bug');
    });

    it('leaves nothing where its name cannot be written down', async () => {
      await leave();
      const then = next();
      then.state.put = () => Promise.reject(new RecoveryError('disk-full', 'no room'));
      await then.started();
      expect(then.only).toMatchObject({ problem: 'disk-full', copyPath: null });
      expect(names()).toEqual(['a.ipynb']);
    });
  });

  describe('of this server', () => {
    it('waits for its page', async () => {
      await boot(home.path, 'first', [{ run: runId(1), path: 'a.ipynb', batches: EDITS }], {
        serverId: 'same'
      });
      const clock = new FakeClock();
      const then = await next({ serverId: 'same', clock }).started();
      expect(then.all).toEqual([]);
      clock.advance(59_000);
      await then.recoveries.settled();
      expect(names()).toEqual(['a.ipynb']);
      clock.advance(1000);
      await then.recoveries.settled();
      expect(then.only.copyPath).toBe(COPY);
    });

    it('is not copied when the page is back in time', async () => {
      await boot(home.path, 'first', [{ run: runId(1), path: 'a.ipynb', batches: EDITS }], {
        serverId: 'same'
      });
      const clock = new FakeClock();
      const then = await next({ serverId: 'same', clock }).started();
      await then.earlier.settled(runId(1));
      clock.advance(120_000);
      await then.recoveries.settled();
      expect(names()).toEqual(['a.ipynb']);
      expect(then.published).toEqual([]);
      expect(clock.pending).toBe(0);
    });
  });

  it('vanishes with its copy when a page comes back with all of it later', async () => {
    await leave();
    const then = await next().started();
    await then.earlier.settled(runId(1));
    await then.recoveries.settled();
    expect(then.all).toEqual([]);
    expect(names()).toEqual(['a.ipynb']);
    expect(then.state.all).toEqual([]);
  });

  it('leaves the copy when a page comes back and she had worked in it', async () => {
    await leave();
    const then = await next().started();
    writeFileSync(join(root, COPY), 'hers');
    await then.earlier.settled(runId(1));
    await then.recoveries.settled();
    expect(names()).toEqual([COPY, 'a.ipynb'].sort());
  });

  it('goes no further when the companion ends', async () => {
    await leave();
    const then = next();
    then.recoveries.dispose();
    await then.started();
    expect(names()).toEqual(['a.ipynb']);
  });

  it('of a home that hangs keeps nobody waiting', async () => {
    await leave();
    const then = next({ prepare: () => new Promise(() => undefined) });
    then.recoveries.start();
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(then.all).toEqual([]);
    then.recoveries.dispose();
  });

  it('that was remembered in a file that is damaged gets a second copy rather than none', async () => {
    await leave();
    await next().started();
    const state = join(home.path, '.local/share/labkeeper/journal/default.recoveries');
    expect(statSync(state).mode & 0o777).toBe(0o600);
    for (const damaged of ['{"', '7', '[null, 7, {"boot": 1}]']) {
      writeFileSync(state, damaged);
      const then = await next().started();
      expect(sources(then.only.copyPath ?? '')).toEqual(EDITED);
    }
    expect(names()).toHaveLength(5);
    rmSync(state);
    mkdirSync(state);
    expect((await next().started()).only).toMatchObject({ copyPath: null, problem: 'not-writable' });
  });

  it('removes what killed companions left beside its memory', async () => {
    await leave();
    await next().started();
    const state = join(home.path, '.local/share/labkeeper/journal/default.recoveries');
    const [old, young] = [`${state}.old-1`, `${state}.young-1`];
    writeFileSync(old, '');
    writeFileSync(young, '');
    utimesSync(old, 1, 1);
    const then = await next().started();
    expect(then.only.copyPath).toBe(COPY);
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });

  describe('a restore that was cut off', () => {
    /** The state as it was after some step, and the files as they were. */
    async function cutOff(files: (then: NextBoot) => void): Promise<NextBoot> {
      await leave();
      const then = await next().started();
      const known = then.state.all[0];
      if (!known) {
        throw new Error('no copy');
      }
      const restoring = { hash: known.hash, keptPath: KEPT };
      await then.state.put({ ...known, decision: 'restore', restoring });
      files(then);
      return next().started();
    }

    it('before anything is done from the beginning', async () => {
      const then = await cutOff(() => undefined);
      expect(names()).toEqual([KEPT, 'a.ipynb'].sort());
      expect(sources('a.ipynb')).toEqual(EDITED);
      expect(then.published).toEqual([]);
      expect(then.journal).toEqual([]);
    });

    it('when the original was kept already does not keep it twice', async () => {
      await cutOff(() => linkSync(join(root, 'a.ipynb'), join(root, KEPT)));
      expect(names()).toEqual([KEPT, 'a.ipynb'].sort());
      expect(sources('a.ipynb')).toEqual(EDITED);
      expect(readFileSync(join(root, KEPT), 'utf8')).toBe(FILE);
    });

    it('when it was done is done', async () => {
      const then = await cutOff(() => {
        linkSync(join(root, 'a.ipynb'), join(root, KEPT));
        unlinkSync(join(root, 'a.ipynb'));
        linkSync(join(root, COPY), join(root, 'a.ipynb'));
        unlinkSync(join(root, COPY));
      });
      expect(names()).toEqual([KEPT, 'a.ipynb'].sort());
      expect(then.published).toEqual([]);
      expect(then.journal).toEqual([]);
    });
  });

  it('that was discarded, or kept, before the companion was killed is so after its next start', async () => {
    for (const decision of ['discard', 'keep-both'] as const) {
      await leave();
      const then = await next().started();
      const known = then.state.all[0];
      if (known) {
        await then.state.put({ ...known, decision });
      }
      const after = await next().started();
      expect(after.published).toEqual([]);
      expect(after.journal).toEqual([]);
      expect(existsSync(join(root, COPY))).toBe(decision === 'keep-both');
    }
  });

  it('of two runs of one document gives two copies', async () => {
    await leave();
    await boot(home.path, 'second', [{ run: runId(2), path: 'a.ipynb', batches: EDITS.slice(0, 1) }]);
    const then = await next().started();
    expect(then.all.map(({ copyPath }) => copyPath)).toEqual([COPY, COPY.replace(').', ' 2).')]);
    const [first, second] = then.all;
    await then.recoveries.decide(first?.id ?? '', 'restore');
    // The other one was made of the file as it was.
    await then.recoveries.decide(second?.id ?? '', 'restore');
    expect(then.only).toMatchObject({ id: second?.id, problem: 'file-changed' });
    expect(sources('a.ipynb')).toEqual(EDITED);
    expect(sha256(readFileSync(join(root, KEPT)))).toBe(sha256(FILE));
  });
});
