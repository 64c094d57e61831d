import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

export interface ICommandsOptions {
  readonly commands: JupyterFrontEnd['commands'];
  readonly palette: ICommandPalette | null;
  readonly trans: TranslationBundle;
  readonly show: () => void;
  readonly saveAll: () => Promise<void>;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

/** Adds the commands of the save guard, and names them in the palette. */
export function addCommands({ commands, palette, trans, show, saveAll }: ICommandsOptions): void {
  const category = trans.__('Labkeeper');
  const all = [
    { id: 'labkeeper:show-saves', label: trans.__('Show Saves'), execute: show },
    { id: 'labkeeper:save-all', label: trans.__('Save All Documents Now'), execute: saveAll }
  ];
  for (const { id, label, execute } of all) {
    commands.addCommand(id, { label, execute, describedBy: NO_ARGUMENTS });
    palette?.addItem({ command: id, category });
  }
}
