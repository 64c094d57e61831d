import type { TranslationBundle } from '@jupyterlab/translation';
import { textOf, type Choice, type IComparedRow } from '@labkeeper/core';
import type { Trouble } from './compare-model.js';
import { fieldsOf, type Refusal } from './version.js';

/** What the other version is. */
export type OtherVersion = 'changed-elsewhere' | 'recovered';

/** Puts a comparison into words. */
export class CompareWords {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly other: OtherVersion
  ) {}

  /** The heading of the document's own side. */
  get left(): string {
    return this.trans.__('This document');
  }

  /** The heading of the other side. */
  get right(): string {
    return this.other === 'recovered' ? this.trans.__('Recovered') : this.trans.__('Changed elsewhere');
  }

  /** "Difference 2 of 5: code cell". */
  difference(
    number: number,
    of: number,
    kind: 'cell' | 'text' | 'metadata',
    row: IComparedRow<unknown>
  ): string {
    const { trans } = this;
    const what = this.what(kind, row);
    if (row.left === null) {
      return trans.__('Difference %1 of %2: %3, only in the other version', number, of, what);
    }
    return row.right === null
      ? trans.__('Difference %1 of %2: %3, only in this document', number, of, what)
      : trans.__('Difference %1 of %2: %3', number, of, what);
  }

  /** There is no difference. */
  same(kind: 'notebook' | 'text'): string {
    const { trans } = this;
    return kind === 'text'
      ? trans.__('The two versions hold the same lines. How lines end (Unix, Windows) is not compared.')
      : trans.__('The two versions hold the same.');
  }

  /** What can be chosen of a difference. */
  choices(
    { left, right }: IComparedRow<unknown>,
    kind: 'cell' | 'text' | 'metadata'
  ): readonly { readonly value: Choice; readonly label: string }[] {
    const { trans } = this;
    if (left === null) {
      return [
        { value: 'left', label: trans.__('Leave it out') },
        { value: 'right', label: trans.__('Take it') }
      ];
    }
    if (right === null) {
      return [
        { value: 'left', label: trans.__('Keep it') },
        { value: 'right', label: trans.__('Leave it out') }
      ];
    }
    const one = [
      { value: 'left' as const, label: this.left },
      { value: 'right' as const, label: this.right }
    ];
    return kind === 'metadata' ? one : [...one, { value: 'both' as const, label: trans.__('Both') }];
  }

  /** Why nothing can be compared, and what to do. */
  refusal(why: Refusal): string {
    const { trans } = this;
    switch (why) {
      case 'missing':
        return trans.__('One of the two versions is not there any more.');
      case 'too-large':
        return trans.__('The files are too large to be compared cell by cell. Look at them side by side.');
      case 'unreadable':
        return trans.__(
          'One of the two versions cannot be read as what it should be. Look at them side by side.'
        );
      case 'no-answer':
        return trans.__('The server does not answer. Try again when it is back.');
      case 'another-kind':
        return trans.__('The two versions are of different kinds. Look at them side by side.');
    }
  }

  /** Why the result is not saved, and what to do. */
  trouble(trouble: Trouble): string {
    const { trans } = this;
    switch (trouble) {
      case 'changed-meanwhile':
        return trans.__('The document changed meanwhile. Decide about what is new, then save again.');
      case 'cannot-be-opened':
        return trans.__('The document could not be opened, so nothing was changed. Try again.');
    }
  }

  private what(kind: 'cell' | 'text' | 'metadata', { left, right }: IComparedRow<unknown>): string {
    const { trans } = this;
    switch (kind) {
      case 'metadata':
        return trans.__('settings of the notebook');
      case 'text':
        return trans.__('lines');
      case 'cell':
        switch (textOf(fieldsOf(left ?? right)['cell_type'])) {
          case 'code':
            return trans.__('code cell');
          case 'markdown':
            return trans.__('Markdown cell');
          default:
            return trans.__('raw cell');
        }
    }
  }
}
