import { join } from 'node:path';
import { batchDurable, encodeBulk, journalBatch, runLost, runOpened, runSaved } from '@labkeeper/protocol';
import { SaveSchedule } from '../../../packages/core/src/save/save-schedule.ts';
import { EditedDocument } from './edited-document.mjs';

/** The journal works, and there is nothing else. */
const POLICY = { mode: 'journal', journalWorks: true, browserWorks: false };

let opened = 0;

/** A page with open documents that speaks as save-guard does (`journal-run.ts`). */
export class GuardedPage {
  /**
   * @param told - called with what becomes safe: `('acknowledged' | 'saved', document, edits)`, and with `('lost', run)`.
   * @param write - writes a file, and gives its hash when it outlives the machine.
   */
  constructor(link, home, write, told) {
    this.link = link;
    this.home = home;
    this.write = write;
    this.told = told;
    this.documents = [];
    link.hear(({ method, params }) => {
      if (method === batchDurable.method) {
        this.documents.forEach(document => document.durable(params));
      } else if (method === runLost.method) {
        told('lost', params.run);
      }
    });
  }

  /** Makes a file, and opens it. */
  async open({ path, seed, isNotebook }) {
    const content = new EditedDocument(seed, isNotebook);
    const document = new OpenDocument(path, content, this);
    await this.write(join(this.home, path), content.file);
    this.documents.push(document);
    return document;
  }

  /** Sends what is due by the schedule that pages have. Called once a second. */
  pulse() {
    this.documents.filter(document => document.isDue).forEach(document => document.flush());
  }

  /** Saves the file as it is now; meanwhile nobody edits. */
  async save(document) {
    document.flush();
    const { path, content } = document;
    const hash = await this.write(join(this.home, path), content.file);
    this.told('saved', document, content.edits);
    document.saved(hash);
  }
}

class OpenDocument {
  constructor(path, content, { link, told }) {
    Object.assign(this, { path, content, link, told });
    this.run = null;
    this.records = [];
    this.schedule = new SaveSchedule();
    /** The longest that an edit waited until it was safe, in ms. */
    this.worstAgeMs = 0;
  }

  /** How old the oldest edit is that is not safe, in ms. */
  get ageMs() {
    const sinceMs = this.schedule.unsafeSinceMs;
    return sinceMs === null ? 0 : performance.now() - sinceMs;
  }

  get isDue() {
    return this.schedule.due(performance.now(), POLICY).journal;
  }

  edit() {
    if (this.run === null) {
      this.begin();
    }
    this.records.push(...this.content.edit());
    this.schedule.changed(performance.now());
  }

  /** Sends what was edited. */
  flush() {
    const { run, records } = this;
    if (run === null || records.length === 0) {
      return;
    }
    this.records = [];
    run.seq += 1;
    run.sent.set(run.seq, { edits: this.content.edits, count: this.schedule.sent() });
    const body = records.map(record => JSON.stringify(record)).join('\n');
    this.link.socket.send(encodeBulk(journalBatch, { run: run.id, seq: run.seq, more: false }, body));
  }

  begin() {
    opened += 1;
    // Another number in each life of the machine.
    const id = `${Date.now().toString(16).padStart(12, '0')}-${String(opened).padStart(8, '0')}`;
    this.run = { id, seq: 0, sent: new Map() };
    const kind = this.content.isNotebook ? 'notebook' : 'text';
    this.link.send(runOpened, { run: id, path: this.path, kind, replaces: null, savedAtMs: null });
    this.records = [this.content.base()];
  }

  /** The file is what the document is. */
  saved(hash) {
    if (this.run !== null) {
      this.link.send(runSaved, { run: this.run.id, seq: this.run.seq, hash });
      this.run = null;
    }
  }

  durable({ run, seq }) {
    const sent = this.run?.id === run ? this.run.sent.get(seq) : undefined;
    if (sent !== undefined) {
      this.worstAgeMs = Math.max(this.worstAgeMs, this.ageMs);
      this.schedule.journaled(sent.count);
      this.told('acknowledged', this, sent.edits);
    }
  }
}
