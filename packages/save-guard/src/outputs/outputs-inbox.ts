import type { IOutput } from '@jupyterlab/nbformat';
import type { outputsCollected, parseParams } from '@labkeeper/protocol';

type OutputsMessage = ReturnType<typeof parseParams<typeof outputsCollected.params>>;

/** All outputs of one cell, as they were sent. */
export interface ISentCell extends Omit<OutputsMessage, 'at' | 'more' | 'part'> {
  readonly outputs: readonly IOutput[];
}

/** Puts together what comes in parts. Cells come one after the other; what is begun anew counts from there. */
export class OutputsInbox {
  /** Takes a part. @returns the cell, when it is whole; null = more is to come, or a part is missing. */
  take({ at, more, part, ...cell }: OutputsMessage): ISentCell | null {
    const key = `${cell.run} ${cell.c} ${cell.msgId}`;
    const before = at === 0 ? '' : this.begun.get(key);
    if (before?.length !== at) {
      this.begun.delete(key);
      return null;
    }
    if (more) {
      this.begun.set(key, before + part);
      return null;
    }
    this.begun.delete(key);
    const outputs: unknown = JSON.parse(before + part);
    return { ...cell, outputs: Array.isArray(outputs) ? outputs.filter(isOutput) : [] };
  }

  /** The connection is another one: nothing that is begun goes on. */
  clear(): void {
    this.begun.clear();
  }

  private readonly begun = new Map<string, string>();
}

function isOutput(value: unknown): value is IOutput {
  return typeof value === 'object' && value !== null && 'output_type' in value;
}
