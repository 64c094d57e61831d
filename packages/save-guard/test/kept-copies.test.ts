import type { Contents } from '@jupyterlab/services';
import { KeptCopies } from '../src/kept/kept-copies.js';
import { keptBeside } from '../src/kept/kept-name.js';

it.each([
  ['a (changed elsewhere 0a1b2c).py', 'a.py'],
  ['a (changed elsewhere 0a1b2c 2).ipynb', 'a.ipynb'],
  ['README (changed elsewhere 0a1b2c)', 'README'],
  ['a.tar (changed elsewhere 0a1b2c).gz', 'a.tar.gz'],
  ['a (changed elsewhere).py', null],
  ['a (recovered 2026-11-26 10.41).py', null],
  ['a.py', null]
])('%s is kept beside %s', (name, beside) => {
  expect(keptBeside(name)).toBe(beside);
});

/** A contents manager of one folder. */
function folder(files: string[]) {
  const listed: string[] = [];
  const contents = {
    get: (path: string) => {
      listed.push(path);
      const content = files.map(name => ({ name, type: 'file', last_modified: '2026-11-26T10:00:00Z' }));
      return Promise.resolve({ content });
    },
    delete: (path: string) => {
      files.splice(files.indexOf(path.slice(path.indexOf('/') + 1)), 1);
      return Promise.resolve();
    }
  } as unknown as Contents.IManager;
  return { contents, listed };
}

/** A browser's store. */
function store(): Pick<Storage, 'getItem' | 'setItem'> {
  const values = new Map<string, string>();
  return { getItem: key => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
}

const COPY = 'work/a (changed elsewhere 0a1b2c).py';

describe('versions that are kept', () => {
  it('are found beside documents, each folder being looked at once', async () => {
    const { contents, listed } = folder([
      'a.py',
      'a (changed elsewhere 0a1b2c).py',
      'gone (changed elsewhere 1a1b2c).py'
    ]);
    const kept = new KeptCopies(contents, 'server', store());
    await kept.beside('work/a.py');
    await kept.beside('work/b.py');
    expect(kept.all).toEqual([
      { path: 'work/a.py', copyPath: COPY, changedAtMs: Date.UTC(2026, 10, 26, 10) }
    ]);
    expect(listed).toEqual(['work']);
  });

  it('are found by the next page, whatever is open there, until they are decided about', async () => {
    const { contents } = folder(['a.py', 'a (changed elsewhere 0a1b2c).py']);
    const memory = store();
    await new KeptCopies(contents, 'server', memory).beside('work/a.py');
    const next = new KeptCopies(contents, 'server', memory);
    await next.restore();
    expect(next.all).toHaveLength(1);
    next.keep(COPY);
    expect(next.all).toEqual([]);
    const third = new KeptCopies(contents, 'server', memory);
    await third.restore();
    await third.beside('work/a.py');
    expect(third.all).toEqual([]);
    const elsewhere = new KeptCopies(contents, 'another server', memory);
    await elsewhere.beside('work/a.py');
    expect(elsewhere.all).toHaveLength(1);
  });

  it('stay decided about when two tabs decide', async () => {
    const { contents } = folder([
      'a.py',
      'a (changed elsewhere 0a1b2c).py',
      'a (changed elsewhere 1a1b2c).py'
    ]);
    const memory = store();
    const [one, other] = [
      new KeptCopies(contents, 'server', memory),
      new KeptCopies(contents, 'server', memory)
    ];
    await Promise.all([one.beside('work/a.py'), other.beside('work/a.py')]);
    one.keep(COPY);
    other.keep('work/a (changed elsewhere 1a1b2c).py');
    expect(other.all).toEqual([]);
    const next = new KeptCopies(contents, 'server', memory);
    await next.restore();
    expect(next.all).toEqual([]);
  });

  it('are still looked for in a folder whose first look has not ended when something is remembered', async () => {
    const { contents, listed } = folder(['a.py', 'a (changed elsewhere 0a1b2c).py']);
    const memory = store();
    await new KeptCopies(contents, 'server', memory).beside('slow/a.py');
    const hanging = {
      get: (path: string, options: Contents.IFetchOptions) =>
        path === 'slow' ? new Promise(() => undefined) : contents.get(path, options)
    } as unknown as Contents.IManager;
    const page = new KeptCopies(hanging, 'server', memory);
    void page.restore();
    await page.beside('work/a.py');
    listed.length = 0;
    await new KeptCopies(contents, 'server', memory).restore();
    expect(listed).toEqual(['slow', 'work']);
  });

  it('are settled when they are gone, or another tab has decided, and not before they were seen', async () => {
    const files = ['a.py', 'a (changed elsewhere 0a1b2c).py', 'a (changed elsewhere 3d4e5f).py'];
    const { contents } = folder(files);
    const memory = store();
    const kept = new KeptCopies(contents, 'server', memory);
    const [first = '', second = ''] = files.slice(1).map(name => `work/${name}`);
    expect(kept.isSettled(first)).toBe(false);
    await kept.look('work');
    expect(kept.isSettled(first)).toBe(false);
    files.splice(1, 1);
    await kept.look('work');
    expect([kept.isSettled(first), kept.isSettled(second)]).toEqual([true, false]);
    const other = new KeptCopies(contents, 'server', memory);
    other.keep(second);
    kept.reread();
    expect(kept.isSettled(second)).toBe(true);
  });

  it('are not listed when they are removed', async () => {
    const { contents } = folder(['a.py', 'a (changed elsewhere 0a1b2c).py']);
    const kept = new KeptCopies(contents, 'server', store());
    await kept.beside('work/a.py');
    await kept.remove(COPY);
    expect(kept.all).toEqual([]);
  });

  it('are as unknown as before where the store holds what is not ours, or nothing can be listed', async () => {
    const broken = { get: () => Promise.reject(new Error('away')) } as unknown as Contents.IManager;
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const kept = new KeptCopies(broken, 'server', { getItem: () => '{"folders":', setItem: () => undefined });
    await kept.restore();
    await kept.beside('work/a.py');
    expect(kept.all).toEqual([]);
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });
});
