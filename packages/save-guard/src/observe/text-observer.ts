import type { YFile } from '@jupyter/ydoc';
import type { JournalRecord } from '@labkeeper/protocol';
import { Signal, type ISignal } from '@lumino/signaling';
import type { YTextEvent } from 'yjs';
import { ChangedText } from './changed-text.js';
import type { IDocumentObserver, INumbering, ISince } from './document-observer.js';

/** The text of a text file has this number in its journal. */
const TEXT = 0;

/** A run begins with the whole text if it is no longer than this, in UTF-16 units: then it is of use without the file. */
const WHOLE_LENGTH = 32 * 1024;

/** Watches a text file. */
export class TextObserver implements IDocumentObserver {
  constructor(file: YFile) {
    this.source = file.ysource;
    this.source.observe(this.onText);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  readonly isTrusted = true;

  since(): ISince {
    const since = new TextSince(this.source.length, () => this.active.delete(since));
    this.active.add(since);
    return since;
  }

  numbering(): INumbering {
    return { base: 1 };
  }

  records(since: ISince): JournalRecord[] {
    if (!(since instanceof TextSince) || since.isEmpty) {
      return [];
    }
    return [{ t: 'edit', c: TEXT, ...since.text.edit(this.source.toString()) }];
  }

  recordsOfBase(base: ISince): JournalRecord[] {
    const isShort = !base.isEmpty && this.source.length <= WHOLE_LENGTH;
    return isShort ? this.whole().records : this.records(base);
  }

  cellIdAt(): null {
    return null;
  }

  numberOf(): null {
    return null;
  }

  whole(): { records: JournalRecord[]; numbering: INumbering } {
    return { records: [{ t: 'src', c: TEXT, v: this.source.toString() }], numbering: { base: 0 } };
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.source.unobserve(this.onText);
      Signal.clearData(this);
    }
  }

  private readonly onText = (event: YTextEvent): void => {
    for (const since of this.active) {
      since.add(event);
    }
    this._changed.emit();
  };

  private readonly source: YFile['ysource'];
  private readonly active = new Set<TextSince>();
  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

class TextSince implements ISince {
  constructor(
    length: number,
    private readonly end: () => void
  ) {
    this.text = new ChangedText(length);
  }

  readonly text: ChangedText;
  isEmpty = true;
  isDisposed = false;

  add(event: YTextEvent): void {
    this.isEmpty = false;
    this.text.add(event.delta);
  }

  dispose(): void {
    this.isDisposed = true;
    this.end();
  }
}
