import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

export interface ICommandsOptions {
  readonly commands: JupyterFrontEnd['commands'];
  readonly palette: ICommandPalette | null;
  readonly trans: TranslationBundle;
  readonly show: () => void;
  readonly reconnect: () => void;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;

/** Adds the meter's commands, and names them in the palette. */
export function addCommands({ commands, palette, trans, show, reconnect }: ICommandsOptions): void {
  const category = trans.__('Labkeeper');
  const all = [
    { id: 'labkeeper:show-resources', label: trans.__('Show Resources'), execute: show },
    { id: 'labkeeper:reconnect', label: trans.__('Reconnect to the Companion'), execute: reconnect }
  ];
  for (const { id, label, execute } of all) {
    commands.addCommand(id, { label, execute, describedBy: NO_ARGUMENTS });
    palette?.addItem({ command: id, category });
  }
}
