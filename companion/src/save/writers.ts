/** One page, as the register of writers knows it. */
export interface IWriterPage {
  /** Which of the page's documents another page writes. */
  elsewhere(paths: readonly string[]): void;
}

interface IOpen {
  readonly path: string;
  readonly writes: boolean;
}

/**
 * Which page writes which path: the first that would. When it goes or closes the document, the next one does. Pages of
 * one browser settle that among themselves; this is for pages of several browsers.
 */
export class Writers {
  /** The documents of a page are these, whole. */
  opened(page: IWriterPage, documents: readonly IOpen[]): void {
    const paths = new Set(documents.map(({ path }) => path));
    const writes = new Set(documents.filter(one => one.writes).map(({ path }) => path));
    for (const [path, pages] of this.waiting) {
      if (!writes.has(path) && pages.delete(page) && pages.size === 0) {
        this.waiting.delete(path);
      }
    }
    for (const path of writes) {
      const pages = this.waiting.get(path) ?? new Set();
      pages.add(page);
      this.waiting.set(path, pages);
    }
    this.open.set(page, paths);
    this.tell();
  }

  /** The page is gone. */
  gone(page: IWriterPage): void {
    if (this.open.has(page)) {
      this.opened(page, []);
      this.open.delete(page);
      this.told.delete(page);
    }
  }

  private tell(): void {
    for (const [page, paths] of this.open) {
      const elsewhere = [...paths].filter(path => {
        const [first = page] = this.waiting.get(path) ?? [];
        return first !== page;
      });
      const text = JSON.stringify(elsewhere);
      if ((this.told.get(page) ?? '[]') !== text) {
        this.told.set(page, text);
        page.elsewhere(elsewhere);
      }
    }
  }

  /** Pages that would write a path, in the order in which they said so. */
  private readonly waiting = new Map<string, Set<IWriterPage>>();
  private readonly open = new Map<IWriterPage, ReadonlySet<string>>();
  private readonly told = new Map<IWriterPage, string>();
}
