import { createHash, webcrypto } from 'node:crypto';
import { TextEncoder } from 'node:util';
import { ServerConnection } from '@jupyterlab/services';
import { GuardedContents } from '../src/contents/guarded-contents.js';

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

describe('GuardedContents', () => {
  let server: FakeServer;
  let contents: GuardedContents;

  beforeEach(async () => {
    server = new FakeServer();
    contents = new GuardedContents(server.settings);
    server.answers.push(model('one', NOTEBOOK));
    await contents.get('a.ipynb', { content: true, type: 'notebook' });
    server.readBack = model('of now');
  });

  it('knows what it has read', () => {
    expect(contents.hashOf('a.ipynb')).toBe('one');
    expect(contents.cellsOf('a.ipynb')).toBe(2);
    expect(contents.hashOf('b.ipynb')).toBeNull();
  });

  it('answers Lab’s questions about a file that it knows, without asking the server', async () => {
    expect(await contents.get('a.ipynb', { content: false, hash: true })).toMatchObject({ hash: 'one' });
    expect(server.requests).toHaveLength(1);
  });

  it('writes in one step, if the file is still as it was', async () => {
    server.answers.push({ ...model('two'), kept: null });
    await contents.save('a.ipynb', SAVE);
    const { method, url, body } = server.requests[1] ?? { method: '', url: '', body: null };
    expect(method).toBe('PUT');
    expect(url).toMatch(/\/labkeeper\/contents\/a\.ipynb\?if-hash=one&keep-other=1&run=[0-9a-f-]{36}/);
    expect(body).toEqual(SAVE);
    expect(contents.hashOf('a.ipynb')).toBe('two');
    expect(contents.takeOutcome('a.ipynb')).toEqual({ hash: 'two', failure: null, kept: null });
    expect(contents.takeOutcome('a.ipynb')).toBeUndefined();
  });

  it('says where somebody else’s version is kept', async () => {
    server.answers.push({
      ...model('two'),
      kept: { path: 'a (changed elsewhere abc123).ipynb', hash: 'abc' }
    });
    await contents.save('a.ipynb', SAVE);
    expect(contents.takeOutcome('a.ipynb')?.kept).toBe('a (changed elsewhere abc123).ipynb');
  });

  it('writes one after the other, each knowing what the one before wrote', async () => {
    server.answers.push({ ...model('two'), kept: null }, { ...model('three'), kept: null });
    await Promise.all([contents.save('a.ipynb', SAVE), contents.save('a.ipynb', SAVE)]);
    expect(server.requests.slice(1).map(({ url }) => /if-hash=(\w+)/.exec(url)?.[1])).toEqual(['one', 'two']);
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
    expect(await contents.save('a.ipynb', SAVE)).toMatchObject({ hash: 'one' });
    const outcome = contents.takeOutcome('a.ipynb');
    expect(outcome?.failure?.reason).toBe(reason);
    expect(outcome?.hash).toBeNull();
  });

  it('a save that the user asked for fails as she knows it', async () => {
    server.answers.push(500);
    contents.asked();
    contents.say = reason => `In words: ${reason}`;
    await expect(contents.save('a.ipynb', SAVE)).rejects.toThrow('In words: server-error');
    expect(contents.takeOutcome('a.ipynb')?.failure?.reason).toBe('server-error');
  });

  it('saves after one that failed, and not against its own earlier write', async () => {
    server.answers.push(500, { ...model('two'), kept: null });
    await contents.save('a.ipynb', SAVE);
    await contents.save('a.ipynb', SAVE);
    expect(server.requests[2]?.url).toContain('if-hash=one');
  });

  it('saves as stock does where the server has no handler of ours', async () => {
    server.readBack = null;
    server.answers.push(404, model('two'), model('two'));
    await contents.save('a.ipynb', SAVE);
    expect(server.requests.slice(1).map(({ method, url }) => [method, new URL(url).pathname])).toEqual([
      ['PUT', '/labkeeper/contents/a.ipynb'],
      ['PUT', '/api/contents/a.ipynb'],
      ['GET', '/api/contents/a.ipynb']
    ]);
    expect(contents.hashOf('a.ipynb')).toBe('two');
  });

  it('does not write, unasked, what another page writes', async () => {
    contents.mayWrite = () => false;
    await contents.save('a.ipynb', SAVE);
    expect(server.requests).toHaveLength(1);
    expect(contents.takeOutcome('a.ipynb')?.failure?.reason).toBe('other-tab-writes');
    contents.asked();
    server.answers.push({ ...model('two'), kept: null });
    await contents.save('a.ipynb', SAVE);
    expect(server.requests).toHaveLength(2);
  });

  it('tells Lab of the file as it last gave it, and writes on top of what the companion made of it', async () => {
    const saved = { kind: 'saved', hash: 'two', sizeBytes: 9, lastModifiedMs: 0, durable: true } as const;
    await contents.splice('a.ipynb', () => Promise.resolve(saved));
    expect(contents.hashOf('a.ipynb')).toBe('two');
    expect(await contents.get('a.ipynb', { content: false })).toMatchObject({ hash: 'one' });
    // A request, because the server counts no messages as activity.
    expect(server.readBacks).toBe(1);
    server.answers.push({ ...model('three'), kept: null });
    await contents.save('a.ipynb', SAVE);
    expect(server.requests.at(-1)?.url).toContain('if-hash=two');
    expect(await contents.get('a.ipynb', { content: false })).toMatchObject({ hash: 'three' });
  });

  it('knows a file under its new name', async () => {
    contents.renamed('a.ipynb', 'b.ipynb');
    expect(contents.hashOf('b.ipynb')).toBe('one');
    expect(contents.hashOf('a.ipynb')).toBeNull();
    expect(await contents.get('b.ipynb', { content: false })).toMatchObject({ path: 'b.ipynb' });
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
    expect(await contents.save('a.ipynb', SAVE)).toMatchObject({ hash: 'one' });
    expect(contents.takeOutcome('a.ipynb')?.failure?.reason).toBe('save-looked-wrong');
    expect(contents.isBroken('a.ipynb')).toBe(true);
    // From now on as stock: with the comparison before it, and no outcome of ours.
    server.answers.push(model('three'));
    await contents.save('a.ipynb', SAVE);
    expect(server.requests.at(-1)).toMatchObject({ method: 'PUT', body: SAVE });
    expect(new URL(server.requests.at(-1)?.url ?? '').pathname).toBe('/api/contents/a.ipynb');
    expect(contents.takeOutcome('a.ipynb')).toBeUndefined();
    expect(told).toEqual(['a.ipynb']);
    expect(await contents.get('a.ipynb', { content: false, hash: true })).toEqual(server.readBack);
  });

  it('compares the hash of a text with the answer’s, where no hook changes the text', async () => {
    const text = (hash: string, exact: boolean) => ({ ...model(hash), path: 'a.py', kept: null, exact });
    const sent = { type: 'file', format: 'text', content: 'ä' } as const;
    server.answers.push(text('0'.repeat(64), false));
    await contents.save('a.py', sent);
    expect(contents.isBroken('a.py')).toBe(false);
    server.answers.push(text(createHash('sha256').update('ä').digest('hex'), true));
    await contents.save('a.py', sent);
    expect(contents.isBroken('a.py')).toBe(false);
    server.answers.push(text('0'.repeat(64), true));
    contents.asked();
    await expect(contents.save('a.py', sent)).rejects.toThrow();
    expect(contents.isBroken('a.py')).toBe(true);
  });

  it('reads back the first save only', async () => {
    server.answers.push({ ...model('two'), kept: null });
    await contents.save('a.ipynb', SAVE);
    server.readBack = model('two');
    server.answers.push({ ...model('three'), kept: null });
    await contents.save('a.ipynb', SAVE);
    expect(server.readBacks).toBe(1);
    expect(contents.isBroken('a.ipynb')).toBe(false);
  });

  it('takes a page in the place of an answer for what it is', async () => {
    server.answers.push('<html>');
    await contents.save('a.ipynb', SAVE);
    expect(contents.takeOutcome('a.ipynb')?.failure?.reason).toBe('proxy-error');
    expect(contents.isBroken('a.ipynb')).toBe(false);
  });
});
