import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { LeftTo } from '@labkeeper/core';

export interface IWhoSavesOptions {
  /** The drive that a path is on; empty = JupyterLab's own. */
  readonly driveOf: (path: string) => string;
  /** Whether JupyterLab's own autosave is on, which the user decides. */
  readonly autosaves: () => boolean;
  /** `journal`: the user or the administrator leaves files to JupyterLab. */
  readonly mode: () => 'full' | 'journal';
  /** Whether this page may write the path; else who does. */
  readonly writer: (path: string) => 'this-page' | 'other-tab-writes' | 'other-page-writes';
  /** Whether an answer to a save of this path did not make sense. */
  readonly isBroken: (path: string) => boolean;
}

/** Decides who saves the file of a document, the strongest reason first. */
export class WhoSaves {
  constructor(private readonly options: IWhoSavesOptions) {}

  /** To whom this page leaves the document's file; null = it saves it. */
  leftTo({ path, model }: Pick<DocumentRegistry.Context, 'path' | 'model'>): LeftTo | null {
    const { driveOf, autosaves, mode, writer, isBroken } = this.options;
    if (model.collaborative === true) {
      return 'room-saves';
    }
    const found = driveOf(path) === '' ? writer(path) : 'this-page';
    if (found !== 'this-page') {
      return found;
    }
    // All that is left to JupyterLab is saved by its autosave or by nobody.
    if (!autosaves()) {
      return 'switched-off';
    }
    if (driveOf(path) !== '') {
      return 'other-drive';
    }
    if (isBroken(path)) {
      return 'save-looked-wrong';
    }
    return mode() === 'journal' ? 'lab-saves' : null;
  }
}

/** Whether another page writes the file: then not even JupyterLab's autosave may, in this one. */
export function writesElsewhere(leftTo: LeftTo | null): leftTo is 'other-tab-writes' | 'other-page-writes' {
  return leftTo === 'other-tab-writes' || leftTo === 'other-page-writes';
}
