import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { installLog } from './plugins/install-log.js';
import { outgoing } from './plugins/outgoing.js';

/** The plugins about packages. */
export const packageInstallerPlugins: JupyterFrontEndPlugin<unknown>[] = [installLog, outgoing];
