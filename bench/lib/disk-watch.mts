import { existsSync, readdirSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from './cpu.mts';
import type { IServer } from './server.mts';
import type { WorkAges } from './work-ages.mts';

const POLL_MS = 200;
/** Benches edit the first cells of a notebook: what is looked for is in so many of its first bytes. */
const HEAD_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 8;

/** A document whose edits carry marks, see `markOf`. */
export interface IWatched {
  readonly tag: string;
  /** Relative to the server's root. */
  readonly file: string;
  readonly ages: WorkAges;
}

/** What an edit puts into the document: nothing else has it, and it is one piece wherever it is written. */
export const markOf = (tag: string, number: number): string => `<lk:${tag}:${number}>`;

/** The highest number of a document's marks in some bytes; -1 = there is none. */
export function newestMark(bytes: Buffer, tag: string): number {
  const head = `<lk:${tag}:`;
  let newest = -1;
  for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + 1)) {
    const end = bytes.indexOf('>', at);
    const number = end < 0 ? Number.NaN : Number(bytes.toString('latin1', at + head.length, end));
    if (Number.isInteger(number)) newest = Math.max(newest, number);
  }
  return newest;
}

/** Looks, by default five times a second, what of the edits is on the disk, in the files and in the journal, from outside of both. */
export class DiskWatch {
  constructor(server: IServer, documents: readonly IWatched[], pollMs = POLL_MS) {
    this.pollMs = pollMs;
    this.server = server;
    this.documents = documents;
    // Apart: a look at a large file on a busy machine must not make the journal look older than it is.
    this.polling = Promise.all([
      this.poll(() => this.readJournal()),
      ...documents.map(document => this.poll(() => this.readDocument(document)))
    ]);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.polling;
  }

  private async poll(look: () => Promise<void>): Promise<void> {
    while (!this.stopped) {
      await look();
      await sleep(this.pollMs);
    }
  }

  /** What was added to the journal since the last look. */
  private async readJournal(): Promise<void> {
    const folder = this.server.inside(join(this.server.home, '.local/share/labkeeper/journal/default'));
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder).filter(name => name.endsWith('.journal'))) {
      const from = this.journals.get(name) ?? { at: 0, rest: Buffer.alloc(0) };
      const added = await readFrom(join(folder, name), from.at);
      if (added.length === 0) continue;
      const text = Buffer.concat([from.rest, added]);
      for (const { tag, ages } of this.documents) ages.seen('journal', newestMark(text, tag), Date.now());
      // A mark may be cut where it was read.
      this.journals.set(name, {
        at: from.at + added.length,
        rest: text.subarray(Math.max(0, text.length - 64))
      });
    }
  }

  /** Once it has been written to its end. JupyterLab's own server empties the file first, and then writes it. */
  private async readDocument({ tag, file, ages }: IWatched): Promise<void> {
    const path = this.server.inside(join(this.server.home, 'work', file));
    try {
      const { mtimeNs, size, ino } = await stat(path, { bigint: true });
      const state = `${ino} ${mtimeNs} ${size}`;
      const before = this.states.get(tag);
      this.states.set(tag, { state, read: before?.read ?? '' });
      if (state !== before?.state || state === before.read) return;
      const [head, tail] = await readEnds(path);
      if (file.endsWith('.ipynb') && !tail.toString('latin1').trimEnd().endsWith('}')) return;
      this.states.set(tag, { state, read: state });
      ages.seen('file', newestMark(head, tag), Date.now());
    } catch {
      // It is being replaced; the next look finds it.
    }
  }

  private readonly pollMs: number;
  private readonly server: IServer;
  private readonly documents: readonly IWatched[];
  /** By name: what was read of it, and its last bytes. */
  private readonly journals = new Map<string, { at: number; rest: Buffer }>();
  /** By tag: how the file was found, and how it was when it was read. */
  private readonly states = new Map<string, { state: string; read: string }>();
  private stopped = false;
  private readonly polling: Promise<unknown>;
}

async function readFrom(path: string, at: number): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - at)), 0, null, at);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return Buffer.alloc(0); // A segment that was removed between listing and reading: others have what it had.
  }
}

/** The first bytes of a file, and the last ones. */
async function readEnds(path: string): Promise<[head: Buffer, tail: Buffer]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = await file.read(Buffer.alloc(Math.min(size, HEAD_BYTES)), 0, null, 0);
    const tail = await file.read(
      Buffer.alloc(Math.min(size, TAIL_BYTES)),
      0,
      null,
      Math.max(0, size - TAIL_BYTES)
    );
    return [head.buffer.subarray(0, head.bytesRead), tail.buffer.subarray(0, tail.bytesRead)];
  } finally {
    await file.close();
  }
}
