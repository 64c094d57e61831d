import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

/** A record as a line of text. */
export interface IRecordLine {
  readonly label: string;
  readonly text: string;
}

export interface ICommandsOptions {
  readonly commands: JupyterFrontEnd['commands'];
  readonly palette: ICommandPalette | null;
  readonly trans: TranslationBundle;
  readonly show: () => void;
  /** The last installs as lines of text, newest first. */
  readonly read: () => Promise<readonly IRecordLine[]>;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } } as const;
/** Opens the page "What leaves this container". */
export const SHOW_OUTGOING = 'labkeeper:show-outgoing';
const READ = 'labkeeper:read-install-log';
const SHOW = 'labkeeper:show-install-log';

/** Adds the commands that show and read the install log, and names the first in the palette. */
export function addCommands({ commands, palette, trans, show, read }: ICommandsOptions): void {
  commands.addCommand(SHOW, {
    label: trans.__('Show Install Log'),
    execute: show,
    describedBy: NO_ARGUMENTS
  });
  // For other extensions, which do not import this one.
  commands.addCommand(READ, {
    label: trans.__('Read Install Log'),
    execute: read,
    describedBy: NO_ARGUMENTS
  });
  palette?.addItem({ command: SHOW, category: trans.__('Labkeeper') });
}
