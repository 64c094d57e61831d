import type { EditRecord } from '@labkeeper/protocol';
import { textSum } from '@labkeeper/protocol';
import type * as v from 'valibot';

/** What a Y.Text says happened to it: https://docs.yjs.dev/api/delta-format. */
export interface ITextDelta {
  readonly retain?: number | undefined;
  readonly insert?: unknown;
  readonly delete?: number | undefined;
}

type Edit = Omit<v.InferOutput<typeof EditRecord>, 't' | 'c'>;

/**
 * Which part of a text changed since some moment: how many UTF-16 units at its beginning and at its end are as they
 * were. Nothing of the old text is kept.
 */
export class ChangedText {
  /** @param oldLength - of the text at that moment, in UTF-16 units. */
  constructor(private readonly oldLength: number) {
    this.length = oldLength;
    this.head = oldLength;
    this.tail = oldLength;
  }

  /** Whether the new text only goes on where the old one ended. */
  get isAppend(): boolean {
    return this.head === this.oldLength && this.length >= this.oldLength;
  }

  /** The text changed. */
  add(delta: readonly ITextDelta[]): void {
    let at = 0;
    for (const { retain, insert, delete: deleted } of delta) {
      if (retain !== undefined) {
        at += retain;
        continue;
      }
      const inserted = typeof insert === 'string' ? insert.length : insert === undefined ? 0 : 1;
      const removed = deleted ?? 0;
      this.head = Math.min(this.head, at);
      this.tail = Math.min(this.tail, this.length - at - removed);
      this.length += inserted - removed;
      at += inserted;
    }
  }

  /** What changed, given the text as it is now. */
  edit(text: string): Edit {
    // Unchanged ends may overlap where a part was typed twice; each unit counts once.
    const at = Math.min(this.head, this.oldLength, text.length);
    const tail = Math.max(0, Math.min(this.tail, this.oldLength - at, text.length - at));
    const del = this.oldLength - at - tail;
    const ins = text.slice(at, text.length - tail);
    return {
      at,
      ...(del > 0 ? { del } : {}),
      ...(ins !== '' ? { ins } : {}),
      sum: textSum(text)
    };
  }

  private length: number;
  private head: number;
  private tail: number;
}
