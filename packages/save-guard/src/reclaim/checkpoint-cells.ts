import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { IClock, ICompanion } from '@labkeeper/labkit';
import { CHECKPOINT_CELLS, CHECKPOINT_CHARACTERS, checkpointsKnown, encode } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';

/** The tag by which a user asks that a cell be run at a notice. */
export const CHECKPOINT_TAG = 'labkeeper-checkpoint';
/** After a change it is looked so much later, once. */
const SETTLE_MS = 1000;

/** What is read of a cell. */
export interface ITaggedCell {
  readonly type: string;
  readonly source: string;
  readonly tags: unknown;
}

/** The code of the cells with the tag, in their order. More, or longer ones, than a message takes are left out. */
export function checkpointCodes(cells: Iterable<ITaggedCell>): string[] {
  const codes: string[] = [];
  for (const { type, source, tags } of cells) {
    const isTagged = type === 'code' && Array.isArray(tags) && tags.includes(CHECKPOINT_TAG);
    if (isTagged && source.trim() !== '' && source.length <= CHECKPOINT_CHARACTERS) {
      codes.push(source);
    }
  }
  return codes.slice(0, CHECKPOINT_CELLS);
}

/** Tells the companion which cells of open notebooks are checkpoints: it runs them, also when no page is open. */
export function followCheckpoints(notebooks: INotebookTracker, companion: ICompanion, clock: IClock): void {
  const follow = (panel: NotebookPanel): void => {
    const follower = new CheckpointFollower(panel, companion, clock);
    panel.disposed.connect(() => follower.dispose());
  };
  notebooks.forEach(follow);
  notebooks.widgetAdded.connect((_, panel) => follow(panel));
}

/** Follows one notebook. */
class CheckpointFollower implements IDisposable {
  constructor(
    private readonly panel: NotebookPanel,
    private readonly companion: ICompanion,
    private readonly clock: IClock
  ) {
    panel.context.ready
      .then(() => {
        if (!panel.isDisposed) {
          panel.context.model.contentChanged.connect(this.schedule, this);
          panel.sessionContext.kernelChanged.connect(this.schedule, this);
          companion.stateChanged.connect(this.onCompanion, this);
          // The companion hears of a kernel from the server a moment after the page does.
          companion.kernelsChanged.connect(this.schedule, this);
          this.schedule();
        }
      })
      .catch(() => {
        // A document that cannot be read is told by JupyterLab, and has no cells.
      });
  }

  isDisposed = false;

  dispose(): void {
    this.isDisposed = true;
    this.timer?.dispose();
    this.panel.context.model.contentChanged.disconnect(this.schedule, this);
    this.panel.sessionContext.kernelChanged.disconnect(this.schedule, this);
    this.companion.stateChanged.disconnect(this.onCompanion, this);
    this.companion.kernelsChanged.disconnect(this.schedule, this);
  }

  private onCompanion(): void {
    // Another companion knows nothing yet.
    this.told = '';
    this.schedule();
  }

  private schedule(): void {
    if (!this.isDisposed) {
      this.timer ??= this.clock.after(SETTLE_MS, () => this.look());
    }
  }

  private look(): void {
    this.timer = null;
    const kernelId = this.panel.sessionContext.session?.kernel?.id;
    const { companion, panel } = this;
    if (kernelId === undefined || !companion.kernels.some(kernel => kernel.kernelId === kernelId)) {
      return;
    }
    const cells = panel.context.model.sharedModel.cells.map(cell => ({
      type: cell.cell_type,
      source: cell.source,
      tags: cell.getMetadata('tags')
    }));
    const frame = encode(checkpointsKnown, {
      kernelId,
      cells: checkpointCodes(cells).map(code => ({ code }))
    });
    if (frame !== this.told && companion.send(frame)) {
      this.told = frame;
    }
  }

  private timer: IDisposable | null = null;
  private told = '';
}
