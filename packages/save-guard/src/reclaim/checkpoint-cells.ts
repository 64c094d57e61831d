import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { IClock, ICompanion } from '@labkeeper/labkit';
import { CHECKPOINT_CELLS, CHECKPOINT_CHARACTERS, checkpointsKnown, encode } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';

/** The tag by which a user asks that a cell be run at a notice. */
export const CHECKPOINT_TAG = 'labkeeper-checkpoint';
/** After a change it is looked so much later, once. */
const SETTLE_MS = 1000;

/** What is read of a cell; its source only where it is tagged, since that takes long for a large notebook. */
export interface ITaggedCell {
  readonly type: string;
  readonly source: string;
  readonly tags: unknown;
}

/** The checkpoint cells of a notebook. */
export interface ICheckpoints {
  /** Their code, in their order. */
  readonly codes: readonly string[];
  /** How many are not run: they are too long, or too many. */
  readonly leftOut: number;
}

/** The code of the cells with the tag. More, or longer ones, than a message takes are left out. */
export function checkpointsOf(cells: Iterable<ITaggedCell>): ICheckpoints {
  const codes: string[] = [];
  let leftOut = 0;
  for (const cell of cells) {
    const isTagged = cell.type === 'code' && Array.isArray(cell.tags) && cell.tags.includes(CHECKPOINT_TAG);
    const source = isTagged ? cell.source : '';
    if (source.trim() === '') {
      continue;
    }
    if (source.length <= CHECKPOINT_CHARACTERS && codes.length < CHECKPOINT_CELLS) {
      codes.push(source);
    } else {
      leftOut += 1;
    }
  }
  return { codes, leftOut };
}

/**
 * Tells the companion which cells of open notebooks are checkpoints: it runs them, also when no page is open.
 *
 * @param leftOut - says that so many checkpoint cells of a notebook are not run: once while that does not change.
 */
export function followCheckpoints(
  notebooks: INotebookTracker,
  companion: ICompanion,
  clock: IClock,
  leftOut: (path: string, count: number) => void
): void {
  const follow = (panel: NotebookPanel): void => {
    const follower = new CheckpointFollower(panel, companion, clock, leftOut);
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
    private readonly clock: IClock,
    private readonly sayLeftOut: (path: string, count: number) => void
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
      get source() {
        return cell.source;
      },
      get tags() {
        return cell.getMetadata('tags');
      }
    }));
    const { codes, leftOut } = checkpointsOf(cells);
    if (leftOut > this.leftOut) {
      this.sayLeftOut(panel.context.path, leftOut);
    }
    this.leftOut = leftOut;
    const frame = encode(checkpointsKnown, { kernelId, cells: codes.map(code => ({ code })) });
    if (frame !== this.told && companion.send(frame)) {
      this.told = frame;
    }
  }

  private timer: IDisposable | null = null;
  private told = '';
  /** Checkpoint cells that are not run, as it was told last. */
  private leftOut = 0;
}
