import { createHash, webcrypto } from 'node:crypto';
import { TextEncoder } from 'node:util';
import { ServerConnection } from '@jupyterlab/services';
import type { Contents } from '@jupyterlab/services';
import { GuardedContents } from '../src/contents/guarded-contents.js';
import type { GuardedFile, IWholeSave } from '../src/contents/guarded-file.js';

interface IRequest {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

/** Node's own Request knows no signal and no file of jsdom's. */
class PlainRequest {
  constructor(
    readonly url: string,
    private readonly init: RequestInit
  ) {}
  readonly headers = new Headers();
  get method(): string {
    return this.init.method ?? 'GET';
  }
  get body(): unknown {
    return this.init.body ?? null;
  }
}

/** A server whose answers the test gives, in order. */
class FakeServer {
  readonly requests: IRequest[] = [];
  /** Answers in the order of the requests; a number is a status without JSON, an error a lost connection. */
  readonly answers: (object | string | number | Error)[] = [];
  /** What the server says when it is asked for the hash alone; null = the next of the answers. */
  readBack: object | null = null;
  readBacks = 0;
  onRequest: () => unknown = () => undefined;

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost:8888/',
    Request: PlainRequest as unknown as typeof Request,
    fetch: async input => {
      const { url, method, body } = input as unknown as PlainRequest;
      if (this.readBack && method === 'GET' && url.includes('content=0')) {
        this.readBacks += 1;
        return new Response(JSON.stringify(this.readBack), { status: 200 });
      }
      const text = body === null ? null : await new Response(body as BodyInit).text();
      this.requests.push({ method, url, body: text === null ? null : JSON.parse(text) });
      this.onRequest();
      const answer = this.answers.shift() ?? 404;
      if (answer instanceof Error) {
        throw answer;
      }
      if (typeof answer === 'string') {
        return new Response(answer, { status: 200 });
      }
      return typeof answer === 'number'
        ? new Response('no JSON', { status: answer })
        : new Response(JSON.stringify(answer), { status: 'code' in answer ? 409 : 200 });
    }
  });
}

const model = (hash: string, content: unknown = null) => ({
  name: 'a.ipynb',
  path: 'a.ipynb',
  type: 'notebook',
  writable: true,
  created: '2026-11-26T10:00:00Z',
  last_modified: '2026-11-26T10:00:00Z',
  mimetype: '',
  format: content === null ? '' : 'json',
  content,
  hash,
  hash_algorithm: 'sha256'
});
const NOTEBOOK = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [{}, {}] };
const SAVE = { type: 'notebook', format: 'json', content: NOTEBOOK } as const;

// jsdom has none of it.
Object.defineProperty(globalThis.crypto, 'subtle', { value: webcrypto.subtle, configurable: true });
Object.assign(globalThis, { TextEncoder });

/** An open document: what Lab knows of its file, and how Lab saves it. */
class OpenDocument {
  constructor(
    private readonly contents: GuardedContents,
    public path: string
  ) {
    this.file = contents.open(this);
    this.contentsModel = this.file.told;
  }

  /** As `Context._save`: looks at the file, and writes it. */
  save(isAsked = false, body: Partial<Contents.IModel> = SAVE): Promise<IWholeSave> {
    return this.file.saveWhole(async () => {
      const { path } = this;
      this.seen.push((await this.contents.get(path, { content: false, hash: true })).hash);
      await this.meanwhile();
      this.contentsModel = await this.contents.save(path, body);
    }, !isAsked);
  }

  readonly file: GuardedFile;
  contentsModel: Contents.IModel | null;
  /** Hashes of the file as Lab saw it before it wrote. */
  readonly seen: (string | undefined)[] = [];
  meanwhile = (): Promise<void> => Promise.resolve();
}

const outcomeOf = async (saving: Promise<IWholeSave>) => (await saving).outcome;

describe('GuardedContents', () => {
  let server: FakeServer;
  let contents: GuardedContents;
  let document: OpenDocument;

  beforeEach(async () => {
    server = new FakeServer();
    contents = new GuardedContents(server.settings);
    server.answers.push(model('one', NOTEBOOK));
    await contents.get('a.ipynb', { content: true, type: 'notebook' });
    server.readBack = model('of now');
    document = new OpenDocument(contents, 'a.ipynb');
  });

  it('knows what it has read', () => {
    expect(document.file).toMatchObject({ hash: 'one', cells: 2 });
    expect(new OpenDocument(contents, 'b.ipynb').file).toMatchObject({
      hash: null,
      cells: null,
      sizeBytes: 0
    });
  });

  it('answers Lab’s questions during a save without asking the server, and at other times as the server does', async () => {
    server.answers.push({ ...model('two'), kept: null });
    await document.save();
    expect(document.seen).toEqual(['one']);
    expect(await contents.get('a.ipynb', { content: false, hash: true })).toMatchObject({ hash: 'of now' });
  });

  it('writes in one step, if the file is still as it was', async () => {
    server.answers.push({ ...model('two'), kept: null });
    expect(await outcomeOf(document.save())).toEqual({ hash: 'two', failure: null, kept: null });
    const { method, url, body } = server.requests[1] ?? { method: '', url: '', body: null };
    expect(method).toBe('PUT');
    expect(url).toMatch(/\/labkeeper\/contents\/a\.ipynb\?if-hash=one&keep-other=1&run=[0-9a-f-]{36}/);
    expect(body).toEqual(SAVE);
    expect(document.file.hash).toBe('two');
  });

  it('says where somebody else’s version is kept', async () => {
    const kept = { path: 'a (changed elsewhere abc123).ipynb', hash: 'abc' };
    server.answers.push({ ...model('two'), kept });
    expect((await outcomeOf(document.save()))?.kept).toBe(kept.path);
  });

  it('writes one after the other, each knowing what the one before wrote', async () => {
    server.answers.push({ ...model('two'), kept: null }, { ...model('three'), kept: null });
    await Promise.all([document.save(), document.save()]);
    expect(server.requests.slice(1).map(({ url }) => /if-hash=(\w+)/.exec(url)?.[1])).toEqual(['one', 'two']);
  });

  it('takes what another document wrote into the same file for somebody else’s, though the page is the same', async () => {
    const other = new OpenDocument(contents, 'a.ipynb');
    server.answers.push({ ...model('two'), kept: null }, { ...model('three'), kept: null });
    await Promise.all([document.save(), other.save()]);
    const [first, second] = server.requests.slice(1).map(({ url }) => new URL(url).searchParams);
    expect([first?.get('if-hash'), second?.get('if-hash')]).toEqual(['one', 'one']);
    expect(first?.get('run')).not.toBe(second?.get('run'));
    expect(other.seen).toEqual(['one']);
  });

  it.each([
    [413, 'too-large'],
    [403, 'not-permitted'],
    [401, 'logged-out'],
    [502, 'proxy-error'],
    [500, 'server-error'],
    [new TypeError('failed to fetch'), 'offline'],
    [{ code: 'disk-full', message: 'The disk is full.' }, 'disk-full'],
    [{ code: 'read-only', message: '' }, 'read-only'],
    [{ code: 'something-new', message: '' }, 'server-error']
  ])('a quiet save that meets %p looks well to Lab, and says why to us: %s', async (answer, reason) => {
    server.answers.push(answer);
    const { outcome, error } = await document.save();
    expect(error).toBeNull();
    expect(document.contentsModel).toMatchObject({ hash: 'one' });
    expect(outcome?.failure?.reason).toBe(reason);
    expect(outcome?.hash).toBeNull();
  });

  it('a save that the user asked for fails as she knows it', async () => {
    server.answers.push(500);
    contents.say = reason => `In words: ${reason}`;
    const { outcome, error } = await document.save(true);
    expect(error).toMatchObject({ message: 'In words: server-error' });
    expect(outcome?.failure?.reason).toBe('server-error');
  });

  it('saves after one that failed, and not against its own earlier write', async () => {
    server.answers.push(500, { ...model('two'), kept: null });
    await document.save();
    await document.save();
    expect(server.requests[2]?.url).toContain('if-hash=one');
  });

  it('saves as stock does where the server has no handler of ours', async () => {
    server.readBack = null;
    server.answers.push(404, model('two'), model('two'));
    await document.save();
    expect(server.requests.slice(1).map(({ method, url }) => [method, new URL(url).pathname])).toEqual([
      ['PUT', '/labkeeper/contents/a.ipynb'],
      ['PUT', '/api/contents/a.ipynb'],
      ['GET', '/api/contents/a.ipynb']
    ]);
    expect(document.file.hash).toBe('two');
  });

  it('does not write, unasked, what another page writes', async () => {
    contents.mayWrite = () => false;
    expect((await outcomeOf(document.save()))?.failure?.reason).toBe('other-tab-writes');
    expect(server.requests).toHaveLength(1);
    server.answers.push({ ...model('two'), kept: null });
    await document.save(true);
    expect(server.requests).toHaveLength(2);
  });

  it('tells Lab of the file as it last gave it, and writes on top of what the companion made of it', async () => {
    const saved = { kind: 'saved', hash: 'two', sizeBytes: 9, lastModifiedMs: 0, durable: true } as const;
    await document.file.splice(() => Promise.resolve(saved));
    expect(document.file).toMatchObject({ hash: 'two', sizeBytes: 9 });
    // A request, because the server counts no messages as activity.
    expect(server.readBacks).toBe(1);
    server.answers.push({ ...model('three'), kept: null });
    await document.save();
    expect(document.seen).toEqual(['one']);
    expect(server.requests.at(-1)?.url).toContain('if-hash=two');
    expect(document.contentsModel).toMatchObject({ hash: 'three' });
  });

  it('goes on from the file when that is read anew', async () => {
    server.answers.push(model('newer', NOTEBOOK));
    await contents.get('a.ipynb', { content: true, type: 'notebook' });
    expect(document.file.hash).toBe('one');
    document.file.reread();
    expect(document.file.hash).toBe('newer');
  });

  it('knows a file under its new name', () => {
    contents.renamed('a.ipynb', 'b.ipynb');
    expect(contents.latest('b.ipynb')?.model).toMatchObject({ hash: 'one', path: 'b.ipynb' });
    expect(contents.latest('a.ipynb')).toBeNull();
  });

  it.each([
    ['took what was written along', 'three', 'three'],
    ['has what was there before', 'two', 'two']
  ])('says when the file got another name while it was written; that one %s', async (_, now, hash) => {
    server.answers.push({ ...model('two'), kept: null }, { ...model('three'), kept: null });
    await document.save();
    server.onRequest = () => (document.path = 'b.ipynb');
    server.readBack = { ...model(now), path: 'b.ipynb' };
    expect(await document.save()).toMatchObject({ isMoved: true, outcome: { hash: 'three' } });
    expect(document.file.hash).toBe(hash);
  });

  it.each([
    ['about another file', { ...model('two'), path: 'b.ipynb' }],
    ['without a hash', { ...model('two'), hash: null }],
    ['of a file that is what it was before', { ...model('two') }]
  ])('leaves a document to JupyterLab after an answer %s, and tells it once', async (_, answer) => {
    const told: string[] = [];
    contents.broke.connect((_, path) => told.push(path));
    server.readBack = model('one');
    server.answers.push(answer);
    expect(await document.save()).toMatchObject({
      error: null,
      outcome: { failure: { reason: 'save-looked-wrong' } }
    });
    expect(document.contentsModel).toMatchObject({ hash: 'one' });
    expect(contents.isBroken('a.ipynb')).toBe(true);
    // From now on as stock: with the comparison before it, and no outcome of ours.
    server.answers.push(model('three'));
    expect(await outcomeOf(document.save())).toBeNull();
    expect(server.requests.at(-1)).toMatchObject({ method: 'PUT', body: SAVE });
    expect(new URL(server.requests.at(-1)?.url ?? '').pathname).toBe('/api/contents/a.ipynb');
    expect(told).toEqual(['a.ipynb']);
    expect(await contents.get('a.ipynb', { content: false, hash: true })).toEqual(server.readBack);
  });

  it('compares the hash of a text with the answer’s, where no hook changes the text', async () => {
    const text = (hash: string, exact: boolean) => ({ ...model(hash), path: 'a.py', kept: null, exact });
    const sent = { type: 'file', format: 'text', content: 'ä' } as const;
    server.answers.push({ ...model('zero', 'ö'), path: 'a.py' });
    await contents.get('a.py', { content: true });
    document = new OpenDocument(contents, 'a.py');
    server.answers.push(text('0'.repeat(64), false));
    await document.save(false, sent);
    expect(contents.isBroken('a.py')).toBe(false);
    server.answers.push(text(createHash('sha256').update('ä').digest('hex'), true));
    await document.save(false, sent);
    expect(contents.isBroken('a.py')).toBe(false);
    server.answers.push(text('1'.repeat(64), true));
    expect((await document.save(true, sent)).error).not.toBeNull();
    expect(contents.isBroken('a.py')).toBe(true);
  });

  it('reads back the first save only', async () => {
    server.answers.push({ ...model('two'), kept: null });
    await document.save();
    server.readBack = model('two');
    server.answers.push({ ...model('three'), kept: null });
    await document.save();
    expect(server.readBacks).toBe(1);
    expect(contents.isBroken('a.ipynb')).toBe(false);
  });

  it('takes a page in the place of an answer for what it is', async () => {
    server.answers.push('<html>');
    expect((await outcomeOf(document.save()))?.failure?.reason).toBe('proxy-error');
    expect(contents.isBroken('a.ipynb')).toBe(false);
  });
});
