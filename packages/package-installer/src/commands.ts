import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

export interface ICommandsOptions {
  readonly commands: JupyterFrontEnd['commands'];
  readonly palette: ICommandPalette | null;
  readonly trans: TranslationBundle;
  readonly show: () => void;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;
/** Opens the page "What leaves this container". */
export const SHOW_OUTGOING = 'labkeeper:show-outgoing';
const SHOW = 'labkeeper:show-install-log';

/** Adds the command that shows the install log, and names it in the palette. */
export function addCommands({ commands, palette, trans, show }: ICommandsOptions): void {
  commands.addCommand(SHOW, {
    label: trans.__('Show Install Log'),
    execute: show,
    describedBy: NO_ARGUMENTS
  });
  palette?.addItem({ command: SHOW, category: trans.__('Labkeeper') });
}
