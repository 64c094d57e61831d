import type { ISessionContext } from '@jupyterlab/apputils';
import type { ICompanion } from '@labkeeper/labkit';
import { documentHidden, documentShown, encode } from '@labkeeper/protocol';
import type { DocumentGuard } from '../document-guard.js';

interface IShown {
  path: string;
  kernelId: string | null;
}

/** Tells the companion which documents this page shows: what pages that are gone left of them comes here. */
export class ShownDocuments {
  constructor(private readonly companion: ICompanion) {}

  /** A document is shown from now on, until its guard is disposed of. */
  add(guard: DocumentGuard): void {
    this.shown.set(guard, { path: guard.context.path, kernelId: null });
    this.tell(guard);
  }

  /** The document has another path. */
  renamed(guard: DocumentGuard): void {
    const shown = this.shown.get(guard);
    if (shown && shown.path !== guard.context.path) {
      this.hide(shown.path);
      shown.path = guard.context.path;
      this.tell(guard);
    }
  }

  /** It is closed. */
  remove(guard: DocumentGuard): void {
    const shown = this.shown.get(guard);
    this.shown.delete(guard);
    if (shown) {
      this.hide(shown.path);
    }
  }

  /** Cells of the document are run in the kernel of this session. */
  follow(session: ISessionContext, guard: DocumentGuard): void {
    const note = (): void => {
      const shown = this.shown.get(guard);
      const kernelId = session.session?.kernel?.id ?? null;
      if (shown && shown.kernelId !== kernelId) {
        shown.kernelId = kernelId;
        this.tell(guard);
      }
    };
    session.kernelChanged.connect(note);
    note();
  }

  /** The companion knows nothing of this page yet, or not any more. */
  tellAll(): void {
    for (const guard of this.shown.keys()) {
      this.tell(guard);
    }
  }

  private tell(guard: DocumentGuard): void {
    const shown = this.shown.get(guard);
    if (shown) {
      this.companion.send(encode(documentShown, { ...shown, kind: guard.kind, run: guard.run }));
    }
  }

  private hide(path: string): void {
    // Two editors of one file are two documents.
    if (![...this.shown.values()].some(shown => shown.path === path)) {
      this.companion.send(encode(documentHidden, { path }));
    }
  }

  private readonly shown = new Map<DocumentGuard, IShown>();
}
