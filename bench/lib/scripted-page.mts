// A page without a browser, as a program of its own that can be killed: edits documents by a script as fast as it is
// told to, sends its journal and saves as a page does. `node scripted-page.mts JSON`; what it was told goes to standard
// output, one line of JSON each, before anything that follows from it is sent.
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  PROTOCOL,
  Receiver,
  batchDurable,
  documentShown,
  encode,
  journalState,
  pageHello,
  runClosed,
  runLost,
  spliceAsked,
  spliceDone,
  type SpliceOutcome
} from '../../packages/protocol/lib/index.js';
import { scripted } from './scripted-kinds.mts';
import type { IPageOrder, PageReport } from './scripted-pages.mts';
import { ScriptedRun } from './scripted-run.mts';
import { type SaveWay, fullSave, hashOf, spliceSave } from './scripted-save.mts';
import type { Change, IScripted } from './scripted.mts';

/** While so much waits for the network, no more is put behind it, as in the page. */
const BUSY_BYTES = 1024 * 1024;
/** Longest wait for a save by the companion. */
const ANSWER_MS = 60_000;
/** Versions that are made while nothing can be sent. */
const MOST_OFFLINE = 30;

const order: IPageOrder = JSON.parse(process.argv[2] ?? '');
const report = (line: PageReport): void => void writeSync(1, `${JSON.stringify(line)}\n`);

/** The page's end of the socket to the companion. */
class Connection {
  constructor(documents: readonly Editor[]) {
    this.documents = documents;
  }

  get waitingBytes(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  works = false;

  open(): void {
    const socket = new WebSocket(`${order.url.replace('http', 'ws')}/labkeeper/ws?token=${order.token}`);
    const each = (act: (document: Editor) => void): void => this.documents.forEach(act);
    const receiver = new Receiver()
      .on(journalState, ({ trouble }) => {
        const isBack = !this.works && trouble === null;
        this.works = trouble === null;
        if (isBack) each(document => document.back());
      })
      .on(batchDurable, ({ run, seq }) => each(document => document.durable(run, seq)))
      .on(runLost, ({ run }) => each(document => document.lost(run)))
      .on(spliceDone, ({ run, seq, outcome }) => this.asked.get(`${run} ${seq}`)?.done(outcome));
    socket.onopen = () => {
      socket.send(encode(pageHello, { protocol: PROTOCOL, build: 'bench', client: 'page', visible: false }));
      this.asked.forEach(({ frame }) => socket.send(frame));
    };
    socket.onmessage = ({ data }) => void receiver.receive(String(data));
    socket.onclose = () => {
      this.works = false;
      each(document => document.lost(null));
      setTimeout(() => this.open(), 50 + Math.random() * 200);
    };
    this.socket = socket;
  }

  send = (frame: string): void => {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(frame);
  };

  /** Has the companion put a run into its file. @throws when there is no answer. */
  splice(run: string, seq: number): Promise<SpliceOutcome> {
    const frame = encode(spliceAsked, { run, seq });
    return new Promise((resolve, reject) => {
      const end = (): void => void this.asked.delete(`${run} ${seq}`);
      const timer = setTimeout(() => (end(), reject(new Error('the companion does not answer'))), ANSWER_MS);
      const done = (outcome: SpliceOutcome): void => (clearTimeout(timer), end(), resolve(outcome));
      this.asked.set(`${run} ${seq}`, { frame, done });
      this.send(frame);
    });
  }

  private socket: WebSocket | null = null;
  private readonly asked = new Map<string, { frame: string; done: (outcome: SpliceOutcome) => void }>();

  private readonly documents: readonly Editor[];
}

/** One open document. */
class Editor {
  constructor(about: IPageOrder['documents'][number], hash: string, connection: () => Connection) {
    this.about = about;
    this.hash = hash;
    this.connection = connection;

    const { kind, seed, version } = about;
    this.document = scripted(kind, seed, version);
    this.base = kind === 'new' ? null : { hash, cells: this.document.cells };
    this.since = kind === 'new' ? this.document.whole() : [];
  }

  get isNotebook(): boolean {
    return this.about.kind !== 'text';
  }

  async edit(): Promise<never> {
    for (let offline = 0; ;) {
      await sleep(Math.random() * 2 * order.editMs);
      const { works, waitingBytes } = this.connection();
      offline = works ? 0 : offline + 1;
      if (waitingBytes > BUSY_BYTES || offline > MOST_OFFLINE) continue;
      const changes = this.document.step();
      for (const list of [this.since, this.unsent, this.sinceSnapshot ?? []]) list.push(...changes);
      report({ t: 'made', path: this.about.path, version: this.document.version });
      // Some versions go together, as at a page that flushes from time to time.
      if (works && Math.random() < 0.7) this.flush();
    }
  }

  async save(ways: readonly SaveWay[]): Promise<never> {
    const writer = randomUUID();
    const { path, kind, seed } = this.about;
    for (;;) {
      await sleep(Math.random() * 2 * order.saveMs);
      // Also where no run is open: what is saved is then what the journal holds up to a batch.
      if (this.connection().works) this.flush();
      const { version, cells } = this.document;
      const document = scripted(kind, seed, version);
      const foreseen = hashOf(document.bytes());
      this.sinceSnapshot = [];
      this.snapshot = { changes: [...this.since], version };
      report({ t: 'saving', path, version, hash: foreseen });
      const way = ways[Math.floor(Math.random() * ways.length)] ?? fullSave;
      const splice = this.splicing();
      try {
        const hash = await way({ ...order, path, writer, hash: this.hash, document, splice });
        report({ t: 'saved', path, version, hash, foreseen });
        this.rebase(version, cells, hash);
      } catch {
        // The server is gone or the file could not be written: what changed is in the journal still.
      }
      this.sinceSnapshot = null;
    }
  }

  /** The companion is there again. */
  back(): void {
    const kind = this.about.kind === 'text' ? 'text' : 'notebook';
    this.connection().send(
      encode(documentShown, { path: this.about.path, kind, run: this.lostRun, kernelId: null })
    );
    if (this.since.length === 0) this.closeLost();
  }

  durable(run: string, seq: number): void {
    const version = this.run?.id === run ? this.run.versionOf(seq) : null;
    if (version !== null) report({ t: 'durable', path: this.about.path, version });
  }

  lost(run: string | null): void {
    if (run !== null && this.run?.id !== run) return;
    this.lostRun = this.run?.id ?? this.lostRun;
    this.run = null;
  }

  /** Asks again when the connection was lost, as the page does. */
  private splicing(): (() => Promise<SpliceOutcome>) | null {
    const { run } = this;
    if (!run || this.unsent.length > 0 || !this.base) return null;
    const { id, seq } = run;
    return () => this.connection().splice(id, seq);
  }

  /** The file has all of it; a companion that is away is told on its return. */
  private closeLost(): void {
    if (this.lostRun === null || !this.connection().works) return;
    this.connection().send(encode(runClosed, { run: this.lostRun }));
    this.lostRun = null;
  }

  private flush(): void {
    if (!this.run) this.begin();
    else if (this.unsent.length > 0) this.run.append(this.unsent, this.document.version);
    this.unsent = [];
  }

  private begin(): void {
    if (this.since.length === 0) return;
    const about = { ...this.about, replaces: this.run?.id ?? this.lostRun };
    const base = this.base ?? { hash: null, cells: [] };
    this.run = new ScriptedRun(frame => this.connection().send(frame), about, base);
    this.lostRun = null;
    // A save that is under way may reach the file and never be heard of: a batch ends where it was taken.
    const { snapshot } = this;
    if (this.sinceSnapshot !== null) this.run.append(snapshot.changes, snapshot.version);
    const rest = this.sinceSnapshot ?? this.since;
    if (this.sinceSnapshot === null || rest.length > 0) this.run.append(rest, this.document.version);
    this.unsent = [];
  }

  /** The file is now what the document was at `version`. */
  private rebase(version: number, cells: readonly number[], hash: string): void {
    this.hash = hash;
    this.base = { hash, cells };
    this.since = this.sinceSnapshot ?? [];
    this.sinceSnapshot = null;
    if (version === this.document.version) {
      this.run?.saved(hash);
      this.run = null;
      this.closeLost();
      this.unsent = [];
    } else if (this.run) {
      this.begin();
    }
  }

  private readonly document: IScripted;
  private base: { readonly hash: string; readonly cells: readonly number[] } | null;
  /** What changed since the base, since the last batch, and since the save that is under way; null = none is. */
  private since: Change[];
  private unsent: Change[] = [];
  private sinceSnapshot: Change[] | null = null;
  private snapshot: { readonly changes: readonly Change[]; readonly version: number } = {
    changes: [],
    version: 0
  };
  private run: ScriptedRun | null = null;
  private lostRun: string | null = null;

  private readonly about: IPageOrder['documents'][number];
  private hash: string;
  private readonly connection: () => Connection;
}

/** Asks until there is an answer: the server may have been killed just now. */
async function fileHash(path: string): Promise<string> {
  for (;;) {
    try {
      const query = new URLSearchParams({ content: '0', hash: '1', token: order.token });
      const answer = await fetch(`${order.url}/api/contents/${encodeURIComponent(path)}?${query}`);
      const { hash }: { hash: string } = await answer.json();
      return hash;
    } catch {
      await sleep(100);
    }
  }
}

const editors: Editor[] = [];
const connection = new Connection(editors);
for (const about of order.documents)
  editors.push(new Editor(about, await fileHash(about.path), () => connection));
connection.open();
report({ t: 'open' });
await Promise.all(
  editors.flatMap(editor => [
    editor.edit(),
    ...(order.saveMs > 0 ? [editor.save(editor.isNotebook ? [fullSave, spliceSave] : [fullSave])] : [])
  ])
);
