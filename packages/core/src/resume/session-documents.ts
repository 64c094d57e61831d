import { MOST_NOTED, type OpenDocument, type RunningCell } from '@labkeeper/protocol';

/** What is looked at of a kernel. */
export interface IKernelState {
  readonly kernelId: string;
  /** `idle`, `busy`, or another word of the kernel protocol. */
  readonly state: string;
}

/**
 * The documents that are open in any page, and which cell runs in each: what the next server shall tell when this one ends.
 *
 * A page that goes away while a cell runs cannot say when that ends, and one that is loaded anew does not know of it: so
 * such a cell counts as running until its kernel is idle or gone.
 */
export class SessionDocuments<Page> {
  /** Each once, in the order in which pages told them. */
  get all(): readonly OpenDocument[] {
    const found = new Map<string, OpenDocument>();
    for (const documents of this.pages.values()) {
      for (const document of documents) {
        const known = found.get(document.path);
        found.set(document.path, {
          ...document,
          savedAtMs: later(known?.savedAtMs ?? null, document.savedAtMs),
          running: document.running ?? known?.running ?? this.left.get(document.path) ?? null
        });
      }
    }
    return [...found.values()].slice(0, MOST_NOTED);
  }

  /** A page tells what is open in it. */
  tell(page: Page, documents: readonly OpenDocument[]): void {
    this.pages.set(page, documents);
    for (const { path, running } of documents) {
      if (running) {
        this.left.delete(path);
      }
    }
  }

  /** A page's connection is closed: it may have been closed, be loaded anew, or be cut off. Its documents stay. */
  gone(page: Page): void {
    const documents = this.pages.get(page);
    if (documents) {
      for (const { path, running } of documents) {
        if (running) {
          this.left.set(path, running);
        }
      }
      this.pages.set(
        page,
        documents.map(document => ({ ...document, running: null }))
      );
    }
  }

  /** A page that is gone did not come back. The documents of the last one stay: nobody closed them. */
  forget(page: Page): void {
    if (this.pages.size > 1) {
      this.pages.delete(page);
    }
  }

  /** The server's kernels, whole. */
  kernels(kernels: readonly IKernelState[]): void {
    const states = new Map(kernels.map(({ kernelId, state }) => [kernelId, state]));
    for (const [path, { kernelId }] of this.left) {
      if ((states.get(kernelId) ?? 'idle') === 'idle') {
        this.left.delete(path);
      }
    }
  }

  private readonly pages = new Map<Page, readonly OpenDocument[]>();
  /** Cells that ran when their page went away. */
  private readonly left = new Map<string, RunningCell>();
}

function later(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
