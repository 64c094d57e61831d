import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { ICompanion } from '@labkeeper/labkit';
import type { DocumentKind, JournalRecord, RunId } from '@labkeeper/protocol';
import { UUID } from '@lumino/coreutils';
import type { BrowserStore } from '../browser-store/browser-store.js';
import type { GuardedFile } from '../contents/guarded-file.js';
import type { IDocumentObserver, INumbering, ISince } from '../observe/document-observer.js';
import type { IRunningCell } from '../running-cells.js';
import { InheritedRuns } from './inherited-runs.js';
import { closeRun, JournalRun } from './journal-run.js';

/** While this much waits in the browser for the network, no more is put behind it. */
const BUSY_BYTES = 1024 * 1024;

export interface IDocumentJournalOptions {
  readonly context: DocumentRegistry.Context;
  readonly kind: DocumentKind;
  readonly observer: IDocumentObserver;
  readonly companion: ICompanion;
  readonly file: GuardedFile;
  readonly browser: BrowserStore;
  /** Everything that changed so far is being handed over. @returns the count of changes, see `SaveSchedule.sent`. */
  readonly sent: () => number;
  /** When the file was last saved by this page, in ms since the Unix epoch; null = not yet. */
  readonly savedAtMs: () => number | null;
}

/** What the journal holds of a document at one moment, all of it on top of the file. */
export interface IJournalMark {
  readonly since: ISince;
  readonly run: RunId;
  readonly seq: number;
}

/**
 * What of one document goes to the journal, or to the browser's store where the journal takes nothing: everything since
 * the file's last known state, as one run after the other.
 */
export class DocumentJournal {
  constructor(private readonly options: IDocumentJournalOptions) {
    const { context, file, observer } = options;
    this.base = observer.since();
    this.pending = observer.since();
    // A room may hold more than the file from the beginning.
    const isFile = context.model.collaborative !== true;
    this.openedHash = isFile ? (file.hash ?? context.contentsModel?.hash ?? null) : null;
    this.baseHash = this.openedHash;
  }

  /** Whether batches wait for their acknowledgement. */
  get isWaiting(): boolean {
    return this.run?.isWaiting ?? false;
  }

  /** The last run that is not brought to its end; null = there is none. */
  get lastRun(): string | null {
    return this.run?.id ?? this.lostRun;
  }

  /** The id of the cell with this number in the file of that hash; null = the base is another file. */
  cellAt(hash: string, number: number): string | null {
    return hash === this.baseHash ? this.options.observer.cellIdAt(this.base, number) : null;
  }

  /** What this run of another page holds is in the document, and what there is to send is sent. */
  inherit(run: string): void {
    this.inherited.add(run, this.run);
    if (this.run === null && this.base.isEmpty) {
      this.inherited.close();
    }
  }

  /** The journal takes records again. */
  back(): void {
    if (this.running.size > 0) {
      this.begin();
    } else if (this.base.isEmpty) {
      // The file has everything, and could not be told when it got it.
      this.giveUp();
    }
  }

  /** Sends what changed. Only while the journal takes it. */
  flush(): void {
    const { companion, observer, sent } = this.options;
    if (companion.waitingBytes > BUSY_BYTES) {
      return;
    }
    if (!this.run?.isWhole || !this.numbering) {
      if (!this.base.isEmpty) {
        this.begin();
      }
    } else if (!this.pending.isEmpty) {
      this.run.append(observer.records(this.pending, this.numbering), sent());
      this.renewPending();
      this.unannounced.forEach(cell => this.announce(cell));
    }
  }

  /**
   * Puts everything since the file into the browser's store: there is no other place at the moment.
   *
   * @returns the changes that it holds; null = it does not take them, or is still at the last ones.
   */
  async store(): Promise<number | null> {
    const { browser, context, kind, sent } = this.options;
    if (this.isStoring) {
      return null;
    }
    this.isStoring = true;
    this.storedRun ??= UUID.uuid4();
    const run = { run: this.storedRun, path: context.path, kind, records: this.everything().records };
    const count = sent();
    const isStored = await browser.put({ ...run, atMs: Date.now() });
    this.isStoring = false;
    return isStored ? count : null;
  }

  /** A cell is being run: what it puts out belongs to this document, also when the page is gone. */
  executing(cell: IRunningCell, journalWorks: boolean): void {
    this.running.set(cell.msgId, cell);
    if (!journalWorks) {
      return;
    }
    if (this.run?.isWhole && this.numbering) {
      if (!this.announce(cell)) {
        // The cell is new: it gets its number with what is sent.
        this.flush();
      }
    } else {
      // Announces all that run.
      this.begin();
    }
  }

  /** A cell has been run. */
  executed(msgId: string): void {
    this.running.delete(msgId);
    this.unannounced.delete(msgId);
  }

  /** The kernel ended: nothing that was asked of it is answered. */
  kernelEnded(): void {
    this.running.clear();
    this.unannounced.clear();
  }

  /** A batch is durable. @returns the changes that are; null = nothing new, or another document's. */
  durable(run: string, seq: number): number | null {
    const count = this.run?.id === run ? this.run.durable(seq) : null;
    if (count !== null) {
      this.unstore();
    }
    this.inherited.durable(run, seq);
    return count;
  }

  /** The companion does not have this run (null = any run) any more. @returns whether it was this document's. */
  lost(run: string | null): boolean {
    const isOurs = run === null || this.run?.id === run;
    if (isOurs) {
      this.lostRun = this.run?.id ?? this.lostRun;
      this.run = null;
    }
    return isOurs;
  }

  /** The document has another path. */
  renamed(path: string): void {
    this.run?.renamed(path);
  }

  /**
   * Marks the moment at which the content of a save is taken; what the journal holds ends there with a batch.
   *
   * @param journalWorks - whether a run may begin for that.
   */
  snapshot(journalWorks: boolean): ISince {
    if (journalWorks || this.run?.isWhole) {
      this.flush();
    }
    return this.saveBegins();
  }

  /** The save that is under way came to nothing: the file is as it was. */
  saveFailed(): void {
    this.saveEnds();
  }

  /** Whether nothing that belongs into the file changed since its last known state. */
  get isSame(): boolean {
    return this.base.isEmpty;
  }

  /**
   * Hands everything over, and marks the moment.
   *
   * @returns null where the journal cannot hold all of it on top of the file; 'later' where the way to it is busy.
   */
  mark(): IJournalMark | 'later' | null {
    if (this.options.companion.waitingBytes > BUSY_BYTES) {
      return 'later';
    }
    this.flush();
    const { run } = this;
    return run?.isWhole && this.pending.isEmpty && this.baseHash !== null && this.baseFits
      ? { since: this.saveBegins(), run: run.id, seq: run.lastSeq }
      : null;
  }

  /** The file now holds what the document was at `since`. */
  rebase(since: ISince, hash: string | null): void {
    this.saveEnds();
    this.base.dispose();
    this.base = since;
    this.baseHash = hash;
    this.openedHash = null;
    if (since.isEmpty && this.running.size === 0) {
      this.run?.saved(hash);
      this.run = null;
      this.giveUp();
      this.renewPending();
    } else if (this.run || this.running.size > 0) {
      // The journal goes on from the new file.
      this.begin();
    }
  }

  /** The file was read anew: it is what the document is, whatever the journal held. */
  reread(hash: string | null): void {
    this.giveUp();
    this.rebase(this.options.observer.since(), hash);
    this.openedHash = hash;
  }

  /** Nobody wants what the journal, or the browser, holds beyond the file. */
  giveUp(): void {
    const runs = [this.run?.id ?? null, this.lostRun].filter(run => run !== null);
    // A companion that is away is told on its return.
    this.lostRun = runs.find(run => !closeRun(this.options.companion, run)) ?? null;
    this.run = null;
    this.inherited.close();
    this.unstore();
  }

  /** Begins a run: everything since the file goes to the journal. */
  private begin(): void {
    const { companion, context, kind, observer, savedAtMs, sent } = this.options;
    const { saving } = this;
    // Its numbering serves one run: a cell that is new gets its number, and is told whole, once.
    this.saving = null;
    const { records, numbering } = saving ?? this.everything();
    const later = saving ? observer.records(saving.since, numbering) : [];
    this.numbering = numbering;
    this.run = new JournalRun({
      companion,
      run: UUID.uuid4(),
      path: context.path,
      kind,
      replaces: this.run?.id ?? this.lostRun,
      savedAtMs: savedAtMs()
    });
    this.lostRun = null;
    if (later.length > 0) {
      // The save may reach the file and never be heard of: a batch ends where its content was taken.
      this.run.append(records, 0);
      this.run.append(later, sent());
    } else {
      this.run.append(records, sent());
    }
    this.inherited.renewed(this.run);
    this.renewPending();
    this.running.forEach(cell => this.announce(cell));
  }

  /** Remembers what the file will hold, for a run that has to begin before that is known. */
  private saveBegins(): ISince {
    const since = this.options.observer.since();
    // Of several at once nobody could tell which of them the file will be.
    const isKnown = this.savesUnderWay === 0 && this.baseHash !== null && this.baseFits;
    this.saving = isKnown ? { ...this.everything(), since } : null;
    this.savesUnderWay += 1;
    return since;
  }

  private saveEnds(): void {
    this.saving = null;
    this.savesUnderWay = Math.max(0, this.savesUnderWay - 1);
  }

  /** @returns whether the cell has a number by which it can be told; one that has none is told when it gets it. */
  private announce(cell: IRunningCell): boolean {
    const { kernelId, msgId, cellId, adopted = false } = cell;
    const c = this.numbering && this.options.observer.numberOf(cellId, this.numbering);
    if (c === null) {
      this.unannounced.set(msgId, cell);
      return false;
    }
    this.unannounced.delete(msgId);
    this.run?.executing({ kernelId, msgId, c, adopted });
    return true;
  }

  /** A run that tells everything since the file. */
  private everything(): { records: JournalRecord[]; numbering: INumbering } {
    const { observer } = this.options;
    if (this.baseHash === null || !this.baseFits) {
      const { records, numbering } = observer.whole();
      return { records: [{ t: 'base', hash: null, cells: 0 }, ...records], numbering };
    }
    const numbering = observer.numbering(this.base);
    const records = observer.recordsOfBase(this.base, numbering);
    return { records: [{ t: 'base', hash: this.baseHash, cells: numbering.base }, ...records], numbering };
  }

  /** A notebook in which the page put a first cell is not what the file is. */
  private get baseFits(): boolean {
    const { kind, file, observer } = this.options;
    if (kind === 'text' || this.baseHash !== this.openedHash) {
      return true;
    }
    const { cells } = file;
    return cells === null || cells === observer.numbering(this.base).base;
  }

  private renewPending(): void {
    this.pending.dispose();
    this.pending = this.options.observer.since();
  }

  /** The work is in a better place. */
  private unstore(): void {
    if (this.storedRun !== null) {
      void this.options.browser.remove(this.storedRun);
      this.storedRun = null;
    }
  }

  /** Since the file's last known state. */
  private base: ISince;
  /** Since the last batch. */
  private pending: ISince;
  private baseHash: string | null;
  /** The hash that the file had when it was read, as long as that is the base. */
  private openedHash: string | null;
  private run: JournalRun | null = null;
  /** The last run that the companion did not take to its end. */
  private lostRun: string | null = null;
  private numbering: INumbering | null = null;
  /** Under which id the work is in the browser's store; null = it is not. */
  private storedRun: string | null = null;
  private isStoring = false;
  /** What the one save that is under way holds beyond the file; null = there is none, or it cannot be told. */
  private saving: { records: JournalRecord[]; numbering: INumbering; since: ISince } | null = null;
  private savesUnderWay = 0;
  private readonly running = new Map<string, IRunningCell>();
  /** Those of them whose cells the run does not have yet. */
  private readonly unannounced = new Map<string, IRunningCell>();
  private readonly inherited = new InheritedRuns(run => void closeRun(this.options.companion, run));
}
