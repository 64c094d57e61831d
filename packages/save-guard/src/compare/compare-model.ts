import type { Choice } from '@labkeeper/core';
import { Signal, type ISignal } from '@lumino/signaling';
import { carriedChoices, compare, differencesOf, type Choices, type Comparison } from './comparison.js';
import type { IOpenDocument } from './compared-document.js';
import type { Refusal, Version } from './version.js';

/** Where a comparison stands. */
export type Phase =
  | { readonly kind: 'loading' }
  | { readonly kind: 'refused'; readonly why: Refusal }
  | { readonly kind: 'choosing'; readonly comparison: Comparison; readonly trouble: Trouble | null }
  | { readonly kind: 'saving'; readonly comparison: Comparison }
  /** The document is what was chosen, its file not yet. */
  | { readonly kind: 'unsaved' }
  /** The document is what was chosen, and so is its file. */
  | { readonly kind: 'saved' };

/** Why the result is not saved. */
export type Trouble =
  /** The document has differences that were not there when it was compared. */
  'changed-meanwhile' | 'cannot-be-opened';

export interface ICompareModelOptions {
  readonly document: {
    read(): Promise<Version | Refusal>;
    open(): Promise<IOpenDocument | null>;
  };
  readonly other: () => Promise<Version | Refusal>;
}

/** Two versions of a document, and what the user chooses of each. */
export class CompareModel {
  constructor(private readonly options: ICompareModelOptions) {}

  get phase(): Phase {
    return this._phase;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The rows that differ, in their order. */
  get differences(): readonly number[] {
    return this._differences;
  }

  get choices(): Choices {
    return this._choices;
  }

  /** Differences about which nothing is decided. */
  get undecided(): number {
    return this._differences.filter(at => !this._choices.has(at)).length;
  }

  /** Reads both versions, and puts them side by side. */
  async load(): Promise<void> {
    this.become({ kind: 'loading' });
    const [left, right] = await Promise.all([this.options.document.read(), this.options.other()]);
    if (typeof left === 'string' || typeof right === 'string') {
      this.become({ kind: 'refused', why: typeof left === 'string' ? left : (right as Refusal) });
      return;
    }
    this.right = right;
    this.show(left, null);
  }

  choose(at: number, choice: Choice): void {
    this._choices.set(at, choice);
    this._changed.emit();
  }

  /** Decides about all differences. */
  takeAll(side: 'left' | 'right'): void {
    this._differences.forEach(at => this._choices.set(at, side));
    this._changed.emit();
  }

  /** Makes the document what was chosen, and saves it. Nothing is done to one that has other differences by now. */
  async save(): Promise<void> {
    if (this._phase.kind !== 'choosing' || this.undecided > 0) {
      return;
    }
    const { comparison } = this._phase;
    this.become({ kind: 'saving', comparison });
    try {
      const open = await this.options.document.open();
      const left = open?.read() ?? null;
      if (!open || !left || !this.right) {
        this.become({ kind: 'choosing', comparison, trouble: 'cannot-be-opened' });
        return;
      }
      this.show(left, 'changed-meanwhile', comparison);
      if (this.undecided > 0 || this._phase.kind !== 'choosing') {
        return;
      }
      const now = this._phase.comparison;
      open.apply(now, this._choices);
      this.applied = open;
      this.become({ kind: 'saving', comparison: now });
      await this.saveAgain();
    } catch (error) {
      console.error('Labkeeper: the result of a comparison could not be saved.', error);
      this.become({ kind: 'choosing', comparison, trouble: 'cannot-be-opened' });
    }
  }

  /** Saves the document that has the result already. */
  async saveAgain(): Promise<void> {
    this.become({ kind: (await this.applied?.save()) ? 'saved' : 'unsaved' });
  }

  /** @param trouble - told if it is one; `changed-meanwhile` only where that leaves something to decide. */
  private show(left: Version, trouble: Trouble | null, before?: Comparison): void {
    const comparison = this.right && compare(left, this.right);
    if (!comparison) {
      this.become({ kind: 'refused', why: 'another-kind' });
      return;
    }
    this._choices = before ? carriedChoices(before, this._choices, comparison) : new Map();
    this._differences = differencesOf(comparison);
    const isTrouble = trouble !== 'changed-meanwhile' || this.undecided > 0;
    this.become({ kind: 'choosing', comparison, trouble: isTrouble ? trouble : null });
  }

  private become(phase: Phase): void {
    this._phase = phase;
    this._changed.emit();
  }

  private applied: IOpenDocument | null = null;
  private right: Version | null = null;
  private _phase: Phase = { kind: 'loading' };
  private _differences: readonly number[] = [];
  private _choices = new Map<number, Choice>();
  private readonly _changed = new Signal<this, void>(this);
}
