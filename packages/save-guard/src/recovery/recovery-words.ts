import type { TranslationBundle } from '@jupyterlab/translation';
import type { Recovery } from '@labkeeper/protocol';

/** Puts recovered work into words. */
export class RecoveryWords {
  constructor(private readonly trans: TranslationBundle) {}

  /** "3 cells differ from the file.", or what else the copy is. */
  changes({ kind, changedCells, origin, copyPath, problem }: Recovery): string {
    if (copyPath === null) {
      // What cannot be read may be in the file long since.
      return problem === 'journal-damaged'
        ? this.trans.__('A part of the journal of this document cannot be read.')
        : this.trans.__('The journal holds edits that the file lacks.');
    }
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

  /** Why a copy is not all that was there, or could not be made, and what to do; null = nothing is wrong. */
  problem({ problem, copyPath }: Recovery): string | null {
    const { trans } = this;
    const isThere = copyPath !== null;
    switch (problem) {
      case null:
        return null;
      case 'file-changed':
        return isThere
          ? trans.__('The file was changed since by somebody else: compare before you restore.')
          : trans.__(
              'The file was changed since by somebody else, and the journal holds only what you typed: bring the earlier version of the file back, and the copy is made at the next start.'
            );
      case 'file-missing':
        return isThere
          ? trans.__('The original file is not there any more.')
          : trans.__(
              'The original file is not there any more, and the journal holds only what you typed: bring it back, and the copy is made at the next start.'
            );
      case 'journal-damaged':
        return isThere
          ? trans.__('A part of the journal cannot be read: the copy holds what could be.')
          : trans.__(
              'Nothing more than the file has could be put together from the rest. It is kept until you discard it.'
            );
      case 'not-writable':
        return trans.__(
          'The folder cannot be written: make it writable, and the copy is made at the next start.'
        );
      case 'disk-full':
        return trans.__('The disk is full: make room, and the copy is made at the next start.');
      case 'unreadable':
        return isThere
          ? trans.__('The original file cannot be read as what it was: compare before you restore.')
          : trans.__(
              'The original file cannot be read as what it was: bring the earlier version of the file back, and the copy is made at the next start.'
            );
    }
  }
}
