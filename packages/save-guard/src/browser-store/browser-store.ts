import type { DocumentKind, JournalRecord, RunId } from '@labkeeper/protocol';
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

/** Work of one document that no server has yet. */
export interface IStoredRun {
  readonly run: RunId;
  /** Address of the server that it belongs to: one browser knows several. */
  readonly server: string;
  /** The page that wrote it. */
  readonly page: string;
  readonly path: string;
  readonly kind: DocumentKind;
  readonly records: readonly JournalRecord[];
  /** When it was written, in ms since the Unix epoch. */
  readonly atMs: number;
}

interface ISchema extends DBSchema {
  runs: { key: string; value: IStoredRun; indexes: { server: string } };
}

const NAME = 'labkeeper';
const VERSION = 1;

/** The browser's own store of work that cannot be sent. It works as far as the browser lets it. */
export class BrowserStore {
  /** @param server - the base URL of the page's server. @param page - an id of this page. */
  constructor(
    private readonly server: string,
    private readonly page: string
  ) {}

  /** Whether the store has taken what it was given; false after a refusal (no room, private window). */
  get works(): boolean {
    return this.isWorking;
  }

  /** Puts a document's work in the place of what was there of it. @returns whether it is stored. */
  async put(run: Pick<IStoredRun, 'run' | 'path' | 'kind' | 'records' | 'atMs'>): Promise<boolean> {
    const done = await this.attempt(async db => {
      await db.put('runs', { ...run, server: this.server, page: this.page }, run.run);
      return true;
    });
    this.isWorking = done === true;
    return this.isWorking;
  }

  /** The work is somewhere else. */
  async remove(run: RunId): Promise<void> {
    await this.attempt(db => db.delete('runs', run));
  }

  /** What pages that are gone have left for this server, oldest first. */
  async leftBehind(): Promise<readonly IStoredRun[]> {
    const all = (await this.attempt(db => db.getAllFromIndex('runs', 'server', this.server))) ?? [];
    const alive = new Set<string>();
    const held = (await navigator.locks?.query())?.held ?? [];
    held.forEach(({ name }) => name !== undefined && alive.add(name));
    return all
      .filter(({ page }) => page !== this.page && !alive.has(lockOf(page)))
      .sort((one, other) => one.atMs - other.atMs);
  }

  /** Says to other pages that this one lives, for as long as it does. */
  liveOn(): void {
    // Never resolved: the browser frees the lock with the page.
    void navigator.locks?.request(lockOf(this.page), () => new Promise(() => undefined));
  }

  private async attempt<T>(work: (db: IDBPDatabase<ISchema>) => Promise<T>): Promise<T | undefined> {
    try {
      this.database ??= openDB<ISchema>(NAME, VERSION, {
        upgrade: db => void db.createObjectStore('runs').createIndex('server', 'server')
      });
      return await work(await this.database);
    } catch (error) {
      // A private window, no room, a store of another version: the light says that nothing is stored.
      this.database = null;
      if (!this.isTold) {
        this.isTold = true;
        console.warn('Labkeeper: the browser does not store unsaved work.', error);
      }
      return undefined;
    }
  }

  private database: Promise<IDBPDatabase<ISchema>> | null = null;
  private isWorking = true;
  private isTold = false;
}

function lockOf(page: string): string {
  return `labkeeper-page:${page}`;
}
