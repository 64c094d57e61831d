import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { textSum, type JournalRecord } from '@labkeeper/protocol';
import type { IRunToRecover } from '../../src/recovery/fold-batches.js';
import type { IPreparedCopy, Prepared } from '../../src/recovery/prepared-copy.js';
import { recoverDocument } from '../../src/recovery/recover-document.js';
import { scratch } from '../wire.js';
import {
  base,
  cellsOf,
  code,
  linesOf,
  notebookText,
  printed,
  runOf,
  sha256,
  sourcesOf,
  typed
} from './notebooks.js';

describe('a document that is recovered', () => {
  let home: ReturnType<typeof scratch>;
  let root: string;
  beforeEach(() => {
    home = scratch();
    root = home.path;
  });
  afterEach(() => home.remove());

  const put = (name: string, content: string | Buffer): string => {
    writeFileSync(join(root, name), content);
    return join(root, name);
  };
  const copyOf = (prepared: Prepared): IPreparedCopy => {
    if (prepared.kind !== 'copy') {
      throw new Error(JSON.stringify(prepared));
    }
    return prepared;
  };
  const bytesOf = (prepared: Prepared): Buffer => readFileSync(copyOf(prepared).temporary);
  const recovered = (run: IRunToRecover): Promise<Prepared> => recoverDocument(run, root);

  const file = notebookText([code('one'), code('two', { outputs: [printed('2\n')] }), code('three')], {
    kernelspec: { name: 'python3', display_name: 'Python 3' }
  });
  const edits: JournalRecord[][] = [
    [base(file, 3), typed(0, 'one', 3, '!')],
    [{ t: 'app', c: 1, i: 0, at: 2, v: '3\n' }],
    [typed(0, 'one!', 4, '!'), { t: 'exec', c: 2, v: 9 }]
  ];
  const edited = ['one!!', 'two', 'three'];

  describe('a notebook', () => {
    it('has what changed, every other byte of the original, and its permissions', async () => {
      const path = put('a.ipynb', file);
      chmodSync(path, 0o640);
      const prepared = await recovered(runOf('a.ipynb', edits));
      expect(prepared).toEqual({
        kind: 'copy',
        temporary: expect.stringMatching(/\/\.labkeeper-[0-9a-f]{16}\.saving$/),
        folder: root,
        hash: sha256(bytesOf(prepared)),
        sizeBytes: bytesOf(prepared).length,
        changedCells: 3,
        basis: 'file',
        originalHash: sha256(file),
        problem: null
      });
      const text = bytesOf(prepared).toString();
      expect(sourcesOf(text)).toEqual(edited);
      expect(cellsOf(text)[1]).toEqual(code('two', { outputs: [printed('2\n3\n')] }));
      expect(cellsOf(text)[2]).toEqual(code('three', { execution_count: 9 }));
      expect(text).toContain('"display_name": "Python 3"');
      expect(statSync(copyOf(prepared).temporary).mode & 0o777).toBe(0o640);
      expect(readFileSync(path, 'utf8')).toBe(file);
    });

    it('needs no copy where the file has everything, whoever saved it', async () => {
      put('a.ipynb', file);
      const nothing = [[base(file, 3), { t: 'src' as const, c: 0, v: 'one' }]];
      expect(await recovered(runOf('a.ipynb', nothing))).toEqual({ kind: 'nothing' });
      const all = bytesOf(await recovered(runOf('a.ipynb', edits)));
      put('a.ipynb', all);
      expect(await recovered(runOf('a.ipynb', edits))).toEqual({ kind: 'nothing' });
      put('a.ipynb', JSON.stringify(JSON.parse(String(all)), null, 4));
      expect(await recovered(runOf('a.ipynb', edits))).toEqual({ kind: 'nothing' });
      expect(readdirSync(root).filter(name => name.startsWith('.labkeeper'))).toHaveLength(1);
    });

    it('goes on from a save of which the journal never heard', async () => {
      put('a.ipynb', file);
      const saved = bytesOf(await recovered(runOf('a.ipynb', edits.slice(0, 2))));
      put('a.ipynb', saved);
      const prepared = await recovered(runOf('a.ipynb', edits));
      expect(copyOf(prepared)).toMatchObject({ problem: null, basis: 'file', originalHash: sha256(saved) });
      expect(sourcesOf(bytesOf(prepared))).toEqual(edited);
      expect(cellsOf(bytesOf(prepared))[1]).toEqual(code('two', { outputs: [printed('2\n3\n')] }));
    });

    it('goes on from a save that the journal knows, where cells have other places', async () => {
      put('a.ipynb', file);
      const moved: JournalRecord[][] = [
        [base(file, 3), { t: 'order', n: 3, at: 0, del: 1, cells: [] }],
        [
          { t: 'src', c: 2, v: 'third' },
          { t: 'put', c: 3, cell: code('new') },
          { t: 'order', n: 2, at: 2, del: 0, cells: [3] }
        ]
      ];
      const saved = bytesOf(await recovered(runOf('a.ipynb', moved.slice(0, 1))));
      expect(sourcesOf(saved)).toEqual(['two', 'three']);
      put('a.ipynb', saved);
      const mark = { seq: 1, hash: sha256(saved), atMs: 1 };
      const prepared = await recovered(runOf('a.ipynb', moved, { saved: mark }));
      expect(copyOf(prepared).problem).toBeNull();
      expect(sourcesOf(bytesOf(prepared))).toEqual(['two', 'third', 'new']);
    });

    it('comes from the copy that jupyter_server left, when it was killed in the middle of a save', async () => {
      for (const [name, content] of [
        ['cut', file.slice(0, 100)],
        ['empty', '']
      ] as const) {
        put(`${name}.ipynb`, content);
        put(`.~${name}.ipynb`, file);
        const prepared = await recovered(runOf(`${name}.ipynb`, edits));
        expect(copyOf(prepared)).toMatchObject({
          basis: 'left-copy',
          problem: null,
          originalHash: sha256(content)
        });
        expect(sourcesOf(bytesOf(prepared))).toEqual(edited);
        expect(readFileSync(join(root, `${name}.ipynb`), 'utf8')).toBe(content);
      }
    });

    it('comes from that copy even if nothing had changed since', async () => {
      put('a.ipynb', file.slice(0, 50));
      put('.~a.ipynb', file);
      const prepared = await recovered(runOf('a.ipynb', [[base(file, 3), { t: 'src', c: 0, v: 'one' }]]));
      expect(copyOf(prepared)).toMatchObject({ basis: 'left-copy', hash: sha256(file) });
    });

    it('takes no notice of a left copy of another time', async () => {
      put('a.ipynb', file.slice(0, 50));
      put('.~a.ipynb', notebookText([code('older')]));
      expect(await recovered(runOf('a.ipynb', edits))).toMatchObject({
        kind: 'problem',
        problem: 'unreadable'
      });
    });

    it('has the cells that are certain, where somebody else changed the file', async () => {
      put('a.ipynb', notebookText([code('theirs')], { kernelspec: { name: 'julia' } }));
      const run = runOf('a.ipynb', [
        [base(file, 3), typed(0, 'one', 3, '!'), { t: 'src', c: 2, v: 'third' }],
        [
          typed(2, 'third', 5, '?'),
          { t: 'out', c: 2, from: 0, v: [printed('x')] },
          { t: 'exec', c: 2, v: 4 }
        ],
        [
          { t: 'put', c: 3, cell: code('new', { cell_type: 'markdown' }) },
          { t: 'order', n: 3, at: 1, del: 1, cells: [3] }
        ]
      ]);
      const prepared = await recovered(run);
      expect(copyOf(prepared)).toMatchObject({ problem: 'file-changed', basis: 'journal', changedCells: 2 });
      expect(cellsOf(bytesOf(prepared))).toEqual([
        code('new', { cell_type: 'markdown' }),
        code('third?', { outputs: [printed('x')], execution_count: 4 })
      ]);
      expect(bytesOf(prepared).toString()).toContain('julia');
    });

    it('has all of it, where somebody else changed other cells only', async () => {
      const theirs = file.replace('"three"', '"theirs"');
      put('a.ipynb', theirs);
      const prepared = await recovered(runOf('a.ipynb', edits));
      expect(copyOf(prepared)).toMatchObject({ problem: 'file-changed', basis: 'file', changedCells: 3 });
      expect(copyOf(prepared).originalHash).toBe(sha256(theirs));
      expect(sourcesOf(bytesOf(prepared))).toEqual(['one!!', 'two', 'theirs']);
      // Nothing tells whether a cell that only printed is still the same.
      expect(await recovered(runOf('a.ipynb', [[base(file, 3), { t: 'exec', c: 0, v: 3 }]]))).toMatchObject({
        kind: 'problem',
        problem: 'file-changed'
      });
      const undone = [
        typed(0, 'one', 3, '!'),
        { t: 'edit' as const, c: 0, at: 3, del: 1, sum: textSum('one') }
      ];
      expect(await recovered(runOf('a.ipynb', [[base(file, 3), ...undone]]))).toEqual({ kind: 'nothing' });
    });

    it('comes from the checkpoint, where that is the file that the run began with', async () => {
      mkdirSync(join(root, '.ipynb_checkpoints'));
      put('.ipynb_checkpoints/a-checkpoint.ipynb', file);
      const run = runOf('a.ipynb', edits);
      for (const [theirs, problem] of [
        [file.replace('"one"', '"theirs"'), 'file-changed'],
        ['no notebook', 'unreadable']
      ] as const) {
        put('a.ipynb', theirs);
        const prepared = await recovered(run);
        expect(copyOf(prepared)).toMatchObject({
          problem,
          basis: 'checkpoint',
          originalHash: sha256(theirs)
        });
        expect(sourcesOf(bytesOf(prepared))).toEqual(['one!!', 'two', 'three']);
      }
      rmSync(join(root, 'a.ipynb'));
      expect(copyOf(await recovered(run))).toMatchObject({ problem: 'file-missing', basis: 'checkpoint' });
      put('.ipynb_checkpoints/a-checkpoint.ipynb', file.replace('"one"', '"older"'));
      expect(await recovered(run)).toMatchObject({ kind: 'problem', problem: 'file-missing' });
    });

    it('is none where nothing is certain', async () => {
      put('a.ipynb', notebookText([code('theirs')]));
      expect(await recovered(runOf('a.ipynb', edits))).toMatchObject({ problem: 'file-changed' });
      expect(readdirSync(root)).toEqual(['a.ipynb']);
    });

    it('is made of nothing but the journal, where that has everything', async () => {
      const whole: JournalRecord[] = [
        base(null, 0),
        { t: 'put', c: 0, cell: code('a') },
        { t: 'put', c: 1, cell: code('b') },
        { t: 'order', n: 0, at: 0, del: 0, cells: [0, 1] },
        { t: 'nb', v: { kernelspec: { name: 'ir' } } }
      ];
      mkdirSync(join(root, 'deep'));
      const prepared = await recovered(runOf('deep/er/a.ipynb', [whole, [typed(1, 'b', 1, '!')]]));
      expect(copyOf(prepared)).toMatchObject({
        problem: null,
        basis: 'journal',
        originalHash: null,
        folder: join(root, 'deep')
      });
      expect(bytesOf(prepared).toString()).toBe(
        notebookText([code('a'), code('b!')], { kernelspec: { name: 'ir' } }).replace(
          /"source": (".*")/g,
          '"source": [\n    $1\n   ]'
        )
      );
      // A file that has it all, in whatever layout.
      put('a.ipynb', JSON.stringify(JSON.parse(String(bytesOf(prepared)))));
      expect(await recovered(runOf('a.ipynb', [whole, [typed(1, 'b', 1, '!')]]))).toEqual({
        kind: 'nothing'
      });
      put('a.ipynb', file);
      const beside = await recovered(runOf('a.ipynb', [whole]));
      expect(copyOf(beside)).toMatchObject({ problem: null, originalHash: sha256(file) });
    });

    it('has ids where all its cells have one', async () => {
      const cell = code('a', { id: 'abcd1234' });
      const whole: JournalRecord[] = [
        base(null, 0),
        { t: 'put', c: 0, cell },
        { t: 'order', n: 0, at: 0, del: 0, cells: [0] }
      ];
      const text = bytesOf(await recovered(runOf('a.ipynb', [whole]))).toString();
      expect(text).toContain('"nbformat_minor": 5');
      expect(cellsOf(text)).toEqual([cell]);
    });

    it('can be a notebook without cells', async () => {
      const prepared = await recovered(runOf('a.ipynb', [[base(null, 0), { t: 'nb', v: { a: 1 } }]]));
      expect(JSON.parse(String(bytesOf(prepared)))).toMatchObject({ cells: [], metadata: { a: 1 } });
    });

    it('has the cells that are certain, where the file is missing', async () => {
      const run = runOf('a.ipynb', [
        [
          base(file, 3),
          { t: 'put', c: 3, cell: code('new') },
          { t: 'order', n: 3, at: 0, del: 0, cells: [3] }
        ]
      ]);
      const prepared = await recovered(run);
      expect(copyOf(prepared)).toMatchObject({
        problem: 'file-missing',
        originalHash: null,
        changedCells: 1
      });
      expect(sourcesOf(bytesOf(prepared))).toEqual(['new']);
      expect(await recovered(runOf('a.ipynb', edits))).toMatchObject({
        kind: 'problem',
        problem: 'file-missing'
      });
    });

    it('leaves out a field that does not fit, and says so', async () => {
      put('a.ipynb', file);
      const wrong: JournalRecord = { t: 'edit', c: 1, at: 0, ins: 'x', sum: 1 };
      const prepared = await recovered(runOf('a.ipynb', [...edits, [wrong, { t: 'exec', c: 1, v: 5 }]]));
      expect(copyOf(prepared).problem).toBe('journal-damaged');
      expect(sourcesOf(bytesOf(prepared))).toEqual(edited);
      expect(cellsOf(bytesOf(prepared))[1]).toMatchObject({
        execution_count: 5,
        outputs: [printed('2\n3\n')]
      });
    });

    it('ends before a batch that makes no sense', async () => {
      put('a.ipynb', file);
      for (const senseless of [
        'no JSON',
        '{"t":"edit","c":0}',
        '{"t":"exec","c":2,"v":1}\n{"t":"src","c":99,"v":""}',
        '{"t":"exec","c":2,"v":1}\n{"t":"order","n":7,"at":0,"del":0,"cells":[]}'
      ]) {
        const prepared = await recovered(
          runOf('a.ipynb', [...edits.slice(0, 2), senseless, ...edits.slice(2)])
        );
        expect(copyOf(prepared).problem).toBe('journal-damaged');
        expect(sourcesOf(bytesOf(prepared))).toEqual(['one!', 'two', 'three']);
        expect(cellsOf(bytesOf(prepared))[2]).toMatchObject({ execution_count: null });
      }
    });

    it('leaves out of the records of the companion what is about cells that have gone, and nothing else', async () => {
      put('a.ipynb', file);
      const pages: JournalRecord[][] = [
        [base(file, 3), typed(0, 'one', 3, '!')],
        [{ t: 'order', n: 3, at: 1, del: 1, cells: [] }]
      ];
      const own: JournalRecord[] = [
        { t: 'out', c: 1, from: 0, v: [printed('of a cell that was deleted')] },
        { t: 'exec', c: 1, v: 5 },
        { t: 'out', c: 2, from: 0, v: [printed('3\n')] },
        { t: 'exec', c: 2, v: 6 }
      ];
      const later: JournalRecord[] = [typed(0, 'one!', 4, '!')];
      const batches = [...pages, own, later, own];
      const run = runOf('a.ipynb', batches, {
        lastSeq: 3,
        async *batches() {
          for (const [index, seq] of [1, 2, 2, 3, 3].entries()) {
            yield await Promise.resolve({ seq, text: linesOf(batches[index] ?? []) });
          }
        }
      });
      const prepared = await recovered(run);
      expect(cellsOf(bytesOf(prepared))).toEqual([
        code('one!!'),
        code('three', { outputs: [printed('3\n')], execution_count: 6 })
      ]);
      expect(copyOf(prepared).problem).toBe('journal-damaged');
    });

    it('says that the journal is damaged after its last batch', async () => {
      put('a.ipynb', file);
      const damaged = { damagedAfterSeq: 3 };
      const prepared = await recovered(runOf('a.ipynb', edits, damaged));
      expect(copyOf(prepared).problem).toBe('journal-damaged');
      put('a.ipynb', bytesOf(prepared));
      const more = await recovered(runOf('a.ipynb', edits, damaged));
      expect(more).toMatchObject({ kind: 'problem', problem: 'journal-damaged' });
    });

    it('is none without a first record', async () => {
      put('a.ipynb', file);
      expect(await recovered(runOf('a.ipynb', ['nonsense']))).toMatchObject({ problem: 'journal-damaged' });
      const lying = runOf('a.ipynb', ['nonsense'], { base: { hash: sha256(file), cells: 3 } });
      expect(await recovered(lying)).toMatchObject({ problem: 'journal-damaged' });
    });

    it('has what is certain, where the file is no notebook that can be spliced', async () => {
      const odd = notebookText([code('one')]).replace('"nbformat": 4', '"nbformat": 3');
      put('a.ipynb', odd);
      const run = runOf('a.ipynb', [[base(odd, 1), { t: 'src', c: 0, v: 'mine' }]]);
      const prepared = await recovered(run);
      expect(copyOf(prepared)).toMatchObject({ problem: 'unreadable', basis: 'journal' });
      expect(sourcesOf(bytesOf(prepared))).toEqual(['mine']);
    });

    it('has what is certain, where the journal speaks of another number of cells', async () => {
      put('a.ipynb', file);
      const prepared = await recovered(runOf('a.ipynb', [[base(file, 2), { t: 'src', c: 0, v: 'mine' }]]));
      expect(copyOf(prepared)).toMatchObject({ problem: 'journal-damaged', basis: 'journal' });
      expect(sourcesOf(bytesOf(prepared))).toEqual(['mine']);
    });
  });

  describe('a text file', () => {
    const text = '\ufeffone\r\ntwo\r\n';
    const page = '\ufeffone\ntwo\n';
    const typing: JournalRecord[][] = [
      [base(text, 1), typed(0, page, 4, '!')],
      [typed(0, page.replace('one', 'one!'), 5, '\n?')]
    ];
    const wanted = '\ufeffone!\r\n?\r\ntwo\r\n';

    it('has what changed, with its line ends and its mark', async () => {
      put('a.py', text);
      const prepared = await recovered(runOf('a.py', typing));
      expect(copyOf(prepared)).toMatchObject({
        changedCells: 1,
        basis: 'file',
        problem: null,
        originalHash: sha256(text)
      });
      expect(bytesOf(prepared).toString()).toBe(wanted);
    });

    it('needs no copy where the file has everything', async () => {
      put('a.py', wanted);
      expect(await recovered(runOf('a.py', typing))).toEqual({ kind: 'nothing' });
      put('a.py', text);
      const undone = [...typing.slice(0, 1), [{ t: 'src' as const, c: 0, v: page }]];
      expect(await recovered(runOf('a.py', undone))).toEqual({ kind: 'nothing' });
      expect(readdirSync(root)).toEqual(['a.py']);
    });

    it('goes on from a save, whether the journal heard of it or not', async () => {
      const saved = '\ufeffone!\r\ntwo\r\n';
      put('a.py', saved);
      expect(bytesOf(await recovered(runOf('a.py', typing))).toString()).toBe(wanted);
      const mark = { seq: 1, hash: sha256(saved), atMs: 1 };
      expect(bytesOf(await recovered(runOf('a.py', typing, { saved: mark }))).toString()).toBe(wanted);
    });

    it('comes from the copy that jupyter_server left', async () => {
      put('a.py', '');
      put('.~a.py', text);
      const prepared = await recovered(runOf('a.py', typing));
      expect(copyOf(prepared).basis).toBe('left-copy');
      expect(bytesOf(prepared).toString()).toBe(wanted);
    });

    it('comes from the checkpoint, where that is the text that the run began with', async () => {
      mkdirSync(join(root, '.ipynb_checkpoints'));
      put('.ipynb_checkpoints/a-checkpoint.py', text);
      put('a.py', 'theirs');
      const prepared = await recovered(runOf('a.py', typing));
      expect(copyOf(prepared)).toMatchObject({ problem: 'file-changed', basis: 'checkpoint' });
      expect(bytesOf(prepared).toString()).toBe(wanted);
    });

    it('is told to have changed, and recovered only where the journal has all of it', async () => {
      put('a.py', 'theirs\r\n');
      expect(await recovered(runOf('a.py', typing))).toMatchObject({
        kind: 'problem',
        problem: 'file-changed'
      });
      const whole = runOf('a.py', [[base(text, 1), { t: 'src', c: 0, v: 'mine\n' }]]);
      const prepared = await recovered(whole);
      expect(copyOf(prepared)).toMatchObject({ problem: 'file-changed', basis: 'journal' });
      expect(bytesOf(prepared).toString()).toBe('mine\r\n');
    });

    it('is made of the journal where there is no file', async () => {
      expect(await recovered(runOf('a.py', typing))).toMatchObject({
        kind: 'problem',
        problem: 'file-missing'
      });
      const whole = runOf('a.py', [
        [base(null, 0), { t: 'src', c: 0, v: 'mine\n' }],
        [typed(0, 'mine\n', 4, '!')]
      ]);
      const prepared = await recovered(whole);
      expect(copyOf(prepared)).toMatchObject({ problem: null, originalHash: null });
      expect(bytesOf(prepared).toString()).toBe('mine!\n');
      const empty = runOf('b.py', [[base(null, 0), typed(0, '', 0, 'x')]]);
      expect(bytesOf(await recovered(empty)).toString()).toBe('x');
    });

    it('that is no UTF-8 any more is left alone', async () => {
      put('a.py', Buffer.from([0xff, 0xfe, 0x61]));
      expect(await recovered(runOf('a.py', typing))).toMatchObject({ problem: 'file-changed' });
      const odd = Buffer.from([0xff, 0xfe, 0x61]);
      const run = runOf('a.py', [[base(odd, 1), typed(0, 'a', 1, 'b')]]);
      expect(await recovered(run)).toMatchObject({ problem: 'unreadable' });
    });

    it('with records that do not fit its bytes is damaged in the journal', async () => {
      put('a.py', text);
      const run = runOf('a.py', [[base(text, 1), { t: 'edit', c: 0, at: 0, ins: 'x', sum: 1 }]]);
      expect(await recovered(run)).toMatchObject({ kind: 'problem', problem: 'journal-damaged' });
      expect(readdirSync(root)).toEqual(['a.py']);
    });
  });

  it('is read over links, and nothing but a plain file is', async () => {
    const outside = scratch();
    writeFileSync(join(outside.path, 'real.ipynb'), file);
    symlinkSync(outside.path, join(root, 'shared'));
    symlinkSync(join(outside.path, 'real.ipynb'), join(root, 'link.ipynb'));
    const through = await recovered(runOf('shared/real.ipynb', edits));
    expect(copyOf(through).folder).toBe(join(root, 'shared'));
    expect(sourcesOf(bytesOf(through))).toEqual(edited);
    const linked = await recovered(runOf('link.ipynb', edits));
    expect(copyOf(linked).folder).toBe(root);
    symlinkSync(join(root, 'loop.ipynb'), join(root, 'loop.ipynb'));
    execFileSync('mkfifo', [join(root, 'pipe.ipynb')]);
    mkdirSync(join(root, 'folder.ipynb'));
    symlinkSync('/dev/zero', join(root, 'zero.ipynb'));
    for (const path of [
      'loop.ipynb',
      'pipe.ipynb',
      'folder.ipynb',
      'zero.ipynb',
      '../x.ipynb',
      'a\0.ipynb'
    ]) {
      expect(await recovered(runOf(path, edits))).toMatchObject({ kind: 'problem', problem: 'unreadable' });
    }
    symlinkSync(join(root, 'nowhere'), join(root, 'gone.ipynb'));
    expect(await recovered(runOf('gone.ipynb', edits))).toMatchObject({ problem: 'file-missing' });
    outside.remove();
  });

  it('begins anew when the file is written meanwhile, and gives up one that is written always', async () => {
    const path = put('a.ipynb', file);
    const run = runOf('a.ipynb', edits);
    let reads = 0;
    const touched = (times: number): IRunToRecover => ({
      ...run,
      batches: () => {
        reads += 1;
        if (reads <= times) {
          // The same bytes, another time.
          writeFileSync(path, file);
        }
        return run.batches();
      }
    });
    expect(await recovered(touched(2))).toMatchObject({ kind: 'copy', problem: null });
    expect(reads).toBe(3);
    reads = 0;
    expect(await recovered(touched(99))).toMatchObject({ kind: 'problem', problem: 'file-changed' });
    expect(readdirSync(root)).toEqual(['a.ipynb']);
  });

  it('replaces what a killed companion left of the copy', async () => {
    put('a.ipynb', file);
    const run = runOf('a.ipynb', edits);
    const first = copyOf(await recovered(run));
    truncateSync(first.temporary, 10);
    linkSync(first.temporary, join(root, 'other name'));
    expect(copyOf(await recovered(run)).temporary).toBe(first.temporary);
    expect(sourcesOf(readFileSync(first.temporary))).toEqual(edited);
    expect(statSync(join(root, 'other name')).size).toBe(10);
  });

  it('is missing where the root is, and needs an absolute one', async () => {
    expect(await recoverDocument(runOf('a.ipynb', edits), join(root, 'nowhere'))).toMatchObject({
      problem: 'file-missing'
    });
    expect(await recoverDocument(runOf('a.ipynb', edits), 'relative')).toMatchObject({
      problem: 'unreadable'
    });
  });
});
