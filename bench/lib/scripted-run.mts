import { randomUUID } from 'node:crypto';
import {
  type JournalRecord,
  encode,
  encodeBulk,
  journalBatch,
  runOpened,
  runSaved
} from '../../packages/protocol/lib/index.js';
import type { ScriptedKind } from './scripted-kinds.mts';
import { numbered } from './scripted-notebook.mts';
import type { Change } from './scripted.mts';

/** Longest body of one frame, as the page cuts them. */
const PIECE_LENGTH = 256 * 1024;

/** One run of the journal as the page sends it: batch after batch, each of them one version of the document or more. */
export class ScriptedRun {
  constructor(
    send: (frame: string) => void,
    about: { readonly path: string; readonly kind: ScriptedKind; readonly replaces: string | null },
    base: { readonly hash: string | null; readonly cells: readonly number[] }
  ) {
    this.send = send;

    const { path, replaces } = about;
    const kind = about.kind === 'text' ? 'text' : 'notebook';
    base.cells.forEach((uid, number) => this.numbers.set(uid, number));
    this.first = { t: 'base', hash: base.hash, cells: base.cells.length };
    send(encode(runOpened, { run: this.id, path, kind, replaces, savedAtMs: null }));
  }

  readonly id = randomUUID();
  seq = 0;

  /** @param version - that the document has with these changes. */
  append(changes: readonly Change[], version: number): void {
    const records = changes.map(change => numbered(change, uid => this.numberOf(uid)));
    const body = [...(this.seq === 0 ? [this.first] : []), ...records].map(record => JSON.stringify(record));
    this.seq += 1;
    this.versions.set(this.seq, version);
    for (const { piece, more } of pieces(body.join('\n')))
      this.send(encodeBulk(journalBatch, { run: this.id, seq: this.seq, more }, piece));
  }

  /** The version that is durable with a batch. */
  versionOf(seq: number): number | null {
    return this.versions.get(seq) ?? null;
  }

  /** The file holds all of it. */
  saved(hash: string): void {
    this.send(encode(runSaved, { run: this.id, seq: this.seq, hash }));
  }

  private numberOf(uid: number): number {
    const known = this.numbers.get(uid) ?? this.numbers.size;
    this.numbers.set(uid, known);
    return known;
  }

  private readonly first: JournalRecord;
  private readonly numbers = new Map<number, number>();
  private readonly versions = new Map<number, number>();

  private readonly send: (frame: string) => void;
}

/** Never through a character of two units. */
function* pieces(body: string): Generator<{ piece: string; more: boolean }> {
  for (let from = 0; from === 0 || from < body.length;) {
    let to = Math.min(body.length, from + PIECE_LENGTH);
    if (to < body.length && /[\ud800-\udbff]/.test(body.charAt(to - 1))) to -= 1;
    yield { piece: body.slice(from, to), more: to < body.length };
    from = to;
  }
}
