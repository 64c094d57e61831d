import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { RunningCell } from '@labkeeper/protocol';
import { Signal, type ISignal } from '@lumino/signaling';
import { RunningNow } from './running-now.js';

/** Which cell runs in each open notebook. */
export class RunningCells {
  /** It is another one in some document. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The cell that runs in a document; null = none. */
  of(context: DocumentRegistry.Context): RunningCell | null {
    return this.known.get(context)?.cell ?? null;
  }

  /** Is to be told which cells of a document run. */
  follower(context: DocumentRegistry.Context): RunningNow {
    const follower = this.known.get(context) ?? new RunningNow(Date.now, () => this._changed.emit());
    this.known.set(context, follower);
    return follower;
  }

  private readonly known = new WeakMap<DocumentRegistry.Context, RunningNow>();
  private readonly _changed = new Signal<this, void>(this);
}
