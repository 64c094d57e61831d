import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { Recovery } from '@labkeeper/protocol';
import type { GuardManager } from '../guard-manager.js';
import type { Decision } from '../view/recoveries.js';

/**
 * Shows what was restored: a document that is open is read anew when the recovered copy has taken the place of its file.
 * One with changes of its own is left alone; both versions are kept when it is saved.
 */
export class RestoredDocuments {
  constructor(
    private readonly manager: Pick<GuardManager, 'of' | 'recovered'>,
    private readonly documents: Pick<IDocumentManager, 'findWidget' | 'contextForWidget'>
  ) {
    manager.recovered.connect((_, recoveries) => {
      const ids = new Set(recoveries.map(({ id }) => id));
      for (const [id, path] of this.asked) {
        if (!ids.has(id)) {
          this.asked.delete(id);
          void this.readAnew(path);
        }
      }
    });
  }

  /** The user decided about one. */
  decided({ id, path }: Recovery, decision: Decision): void {
    if (decision === 'restore') {
      this.asked.set(id, path);
    } else {
      this.asked.delete(id);
    }
  }

  private async readAnew(path: string): Promise<void> {
    const widget = this.documents.findWidget(path, null);
    const context = widget && this.documents.contextForWidget(widget);
    // Lab calls a document dirty as soon as a kernel has told its version.
    if (context && this.manager.of(context)?.needsTending === false) {
      await context.revert();
    }
  }

  /** Paths by the ids of recoveries that are being restored. */
  private readonly asked = new Map<string, string>();
}
