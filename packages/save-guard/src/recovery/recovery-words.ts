import type { TranslationBundle } from '@jupyterlab/translation';
import type { Recovery } from '@labkeeper/protocol';

type Problem = NonNullable<Recovery['problem']>;

/** Puts recovered work into words. */
export class RecoveryWords {
  constructor(private readonly trans: TranslationBundle) {}

  /** "3 cells differ from the file.", or what else the copy is. */
  changes({ kind, changedCells, origin }: Recovery): string {
    if (origin === 'left-copy') {
      return this.trans.__('A save did not end. This copy is the file as it was before.');
    }
    if (origin === 'checkpoint') {
      return this.trans.__('The file is empty. This copy is its last checkpoint.');
    }
    return kind === 'text'
      ? this.trans.__('The text differs from the file.')
      : this.trans._n('%1 cell differs from the file.', '%1 cells differ from the file.', changedCells);
  }

  /** Why a copy is not all that was there, or could not be made, and what to do. */
  problem(problem: Problem): string {
    const { trans } = this;
    switch (problem) {
      case 'file-changed':
        return trans.__('The file was changed since by somebody else: compare before you restore.');
      case 'file-missing':
        return trans.__('The original file is not there any more.');
      case 'journal-damaged':
        return trans.__('A part of the journal cannot be read: the copy holds what could be.');
      case 'not-writable':
        return trans.__(
          'The folder cannot be written: make it writable, and the copy is made at the next start.'
        );
      case 'disk-full':
        return trans.__('The disk is full: make room, and the copy is made at the next start.');
      case 'unreadable':
        return trans.__('The original file cannot be read as what it was.');
    }
  }
}
