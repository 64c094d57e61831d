import type { Death, Notice } from '@labkeeper/protocol';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ICellFacts, IExplanation } from './explanation.js';

/** What one dialog tells, now. */
export interface ITold {
  /** null = nothing was heard of it: only the page itself saw the kernel end. */
  readonly event: Death | Notice | null;
  readonly explanation: IExplanation;
  readonly cell: ICellFacts | null;
  /** Leads to the cell that ran; null = it is not open in this page. */
  readonly onCell: (() => void) | null;
}

/** The content of one dialog: replaced in place as more becomes known. */
export class Telling {
  constructor(private told: ITold) {}

  get current(): ITold {
    return this.told;
  }

  get changed(): ISignal<this, void> {
    return this.emitter;
  }

  /** Replaces what is told. */
  tell(told: ITold): void {
    this.told = told;
    this.emitter.emit();
  }

  private readonly emitter = new Signal<this, void>(this);
}
