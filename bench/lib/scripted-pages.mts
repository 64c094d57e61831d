import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ScriptedKind, scripted, suffixOf } from './scripted-kinds.mts';
import { hashOf } from './scripted-save.mts';

/** What a page is told to do. */
export interface IPageOrder {
  readonly url: string;
  readonly token: string;
  readonly documents: readonly {
    readonly path: string;
    readonly kind: ScriptedKind;
    readonly seed: number;
    /** That the file has. */
    readonly version: number;
  }[];
  /** Between two versions, and between two saves of a document, on average; 0 = no saves. */
  readonly editMs: number;
  readonly saveMs: number;
}

/** What a page says. */
export type PageReport =
  | { readonly t: 'open' }
  | { readonly t: 'made' | 'durable'; readonly path: string; readonly version: number }
  /** A save begins, whose bytes are to have this hash. */
  | { readonly t: 'saving'; readonly path: string; readonly version: number; readonly hash: string }
  | {
      readonly t: 'saved';
      readonly path: string;
      readonly version: number;
      readonly hash: string;
      readonly foreseen: string;
    };

/** A document of the bench, and what is known of it from outside. */
export class Tracked {
  readonly folder: string;
  readonly path: string;
  readonly kind: ScriptedKind;
  readonly seed: number;

  constructor(folder: string, path: string, kind: ScriptedKind, seed: number) {
    this.folder = folder;
    this.path = path;
    this.kind = kind;
    this.seed = seed;
  }

  /** Makes its file. */
  static create(folder: string, name: string, kind: ScriptedKind, seed: number): Tracked {
    const tracked = new Tracked(folder, `${name}${suffixOf(kind)}`, kind, seed);
    const bytes = scripted(kind, seed).bytes();
    const file = join(folder, tracked.path);
    writeFileSync(file, bytes);
    // The server need not be the user who runs the benchmark.
    const { uid, gid } = statSync(folder);
    chownSync(file, uid, gid);
    tracked.whole.add(hashOf(bytes));
    return tracked;
  }

  /** The last version that a page was told is safe, in the journal or in the file. */
  acknowledged = 0;
  /** The last version in the file, as a page was told. */
  saved = 0;
  /** The last version that was made. */
  made = 0;
  /** The versions of which a save began. */
  readonly saving = new Set<number>();
  /** Saves that wrote other bytes than those that a page foresaw. */
  unforeseen = 0;
  /** Of everything that was ever to be written whole to the file. */
  readonly whole = new Set<string>();

  hear(report: Exclude<PageReport, { t: 'open' }>): void {
    const { version } = report;
    if (report.t === 'made') this.made = Math.max(this.made, version);
    else if (report.t === 'saving') {
      this.saving.add(version);
      this.whole.add(report.hash);
    } else this.acknowledged = Math.max(this.acknowledged, version);
    if (report.t === 'saved') {
      this.saved = Math.max(this.saved, version);
      this.whole.add(report.hash);
      if (report.hash !== report.foreseen) this.unforeseen += 1;
    }
  }
}

/** An error in a benchmark leaves no page behind. */
const alive = new Set<ChildProcess>();
process.once('exit', () => alive.forEach(child => child.kill('SIGKILL')));

/** A page without a browser: see `scripted-page.mts`. */
export class ScriptedPage {
  readonly documents: readonly Tracked[];

  constructor(
    server: { readonly url: string; readonly token: string },
    documents: readonly Tracked[],
    pace: { readonly editMs: number; readonly saveMs: number }
  ) {
    this.documents = documents;

    const { url, token } = server;
    const order: IPageOrder = {
      ...{ url, token, ...pace },
      documents: documents.map(({ path, kind, seed, saved }) => ({ path, kind, seed, version: saved }))
    };
    this.child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'scripted-page.mts'), JSON.stringify(order)],
      { stdio: ['ignore', 'pipe', 'inherit'] }
    );
    alive.add(this.child);
    const output = this.child.stdout;
    if (!output) throw new Error('a page has a standard output');
    createInterface({ input: output }).on('line', line => this.hear(line));
    this.gone = once(this.child, 'close');
  }

  /** Acknowledgements heard so far. */
  heard = 0;

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** SIGKILL; resolves when all that it said has been heard. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
    alive.delete(this.child);
    if (this.child.signalCode !== 'SIGKILL') throw new Error(`a page failed (${this.child.exitCode})`);
  }

  private hear(line: string): void {
    if (!line.endsWith('}')) return;
    const report: PageReport = JSON.parse(line);
    if (report.t === 'open') return;
    if (report.t === 'durable' || report.t === 'saved') this.heard += 1;
    this.documents.find(({ path }) => path === report.path)?.hear(report);
  }

  private readonly child: ChildProcess;
  private readonly gone: Promise<unknown>;
}
