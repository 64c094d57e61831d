import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { ICompanion } from '@labkeeper/labkit';
import {
  encode,
  outputsCollected,
  outputsEnd,
  outputsTaken,
  Receiver,
  textSum,
  type RunId
} from '@labkeeper/protocol';
import type { DocumentGuard } from '../document-guard.js';
import { OutputsInbox, type ISentCell } from './outputs-inbox.js';
import { ownWins } from './own-wins.js';
import { putOutputs } from './put-outputs.js';

export interface IHandedOutputsOptions {
  readonly companion: ICompanion;
  /** The guarded documents of this page. */
  readonly guards: () => readonly DocumentGuard[];
}

/** A cell that another page was running, which is gone. */
interface IAdopted {
  readonly guard: DocumentGuard;
  readonly cellId: string;
}

/**
 * Puts outputs that came while no page was there where they belong: into cells of open notebooks, if those are what they
 * were when the outputs came. Of cells that still run, more comes until they are finished.
 */
export class HandedOutputs {
  constructor(private readonly options: IHandedOutputsOptions) {}

  /** Takes the companion's messages. */
  readonly receiver = new Receiver()
    .on(outputsCollected, message => {
      const cell = this.inbox.take(message);
      if (cell?.sum === null) {
        this.goOn(cell);
      } else if (cell) {
        this.left.set(cell.run, [...(this.left.get(cell.run) ?? []), cell]);
      }
    })
    .on(outputsEnd, ({ run, path, hash, rest }) => {
      const cells = this.left.get(run) ?? [];
      this.left.delete(run);
      this.put(run, path, hash, rest, cells);
    });

  /** The connection is lost: what was on its way comes again. */
  forget(): void {
    this.inbox.clear();
    this.left.clear();
  }

  /** A document was closed: nothing more is put into it. */
  closed(guard: DocumentGuard): void {
    for (const [msgId, adopted] of this.adopted) {
      if (adopted.guard === guard) {
        this.adopted.delete(msgId);
      }
    }
  }

  /** Cells that another page was running and whose end is still to come. */
  get waiting(): number {
    return this.adopted.size;
  }

  private put(run: RunId, path: string, hash: string, rest: boolean, cells: readonly ISentCell[]): void {
    const { companion, guards } = this.options;
    const guard = guards().find(({ context }) => context.path === path);
    // Told whole again before it was answered: the newest of a cell counts.
    const newest = new Map(cells.map(cell => [cell.c, cell]));
    let all = guard !== undefined;
    for (const cell of guard ? newest.values() : []) {
      all = this.putOne(guard, hash, cell) && all;
    }
    if (guard && all && !rest) {
      guard.inherit(run);
    } else {
      guard?.flush();
    }
    companion.send(encode(outputsTaken, { run, all }));
  }

  /** @returns whether the cell shows these outputs, or newer ones. */
  private putOne(guard: DocumentGuard | undefined, hash: string, sent: ISentCell): boolean {
    const cellId = guard?.cellAt(hash, sent.c) ?? sent.id;
    const cell = guard && cellId !== null ? codeCell(guard.context, cellId) : null;
    if (!guard || cellId === null || cell === null || !isSource(cell.sharedModel.getSource(), sent)) {
      return false;
    }
    if (ownWins(guard.ran(cellId), cell, sent)) {
      // The code that the other page ran is nowhere then.
      return sent.newSource === null;
    }
    if (sent.newSource !== null && cell.sharedModel.getSource() !== sent.newSource) {
      cell.sharedModel.setSource(sent.newSource);
    }
    putOutputs(cell, sent);
    if (!sent.finished && sent.msgId !== null && sent.kernelId !== null) {
      this.adopted.set(sent.msgId, { guard, cellId });
      guard.executing({ kernelId: sent.kernelId, msgId: sent.msgId, cellId, adopted: true });
    }
    return true;
  }

  /** More of a cell that was adopted. */
  private goOn(sent: ISentCell): void {
    const adopted = sent.msgId === null ? undefined : this.adopted.get(sent.msgId);
    if (!adopted || sent.msgId === null) {
      return;
    }
    const { guard, cellId } = adopted;
    const cell = guard.isDisposed ? null : codeCell(guard.context, cellId);
    if (cell && !ownWins(guard.ran(cellId), cell, sent)) {
      putOutputs(cell, sent);
    }
    if (cell === null || sent.finished) {
      this.adopted.delete(sent.msgId);
      guard.executed(sent.msgId);
    }
  }

  private readonly inbox = new OutputsInbox();
  /** What came of runs whose end is still to come. */
  private readonly left = new Map<RunId, readonly ISentCell[]>();
  /** By request. */
  private readonly adopted = new Map<string, IAdopted>();
}

/** Whether nobody edited the cell since: it has the source of the file, or that which the other page gave it. */
function isSource(source: string, { sum, newSource }: ISentCell): boolean {
  return textSum(source) === sum || source === newSource;
}

/** The code cell with this id; null = there is none. */
function codeCell(context: DocumentRegistry.Context, cellId: string): ICodeCellModel | null {
  const { model } = context;
  if (!isNotebookModel(model)) {
    return null;
  }
  for (const cell of model.cells) {
    if (cell.sharedModel.getId() === cellId) {
      return isCode(cell) ? cell : null;
    }
  }
  return null;
}

function isCode(cell: ICellModel): cell is ICodeCellModel {
  return cell.type === 'code';
}

function isNotebookModel(model: DocumentRegistry.IModel): model is INotebookModel {
  return 'cells' in model;
}
