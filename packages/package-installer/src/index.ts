import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { installLog } from './plugins/install-log.js';

/** The plugins about packages. */
export const packageInstallerPlugins: JupyterFrontEndPlugin<unknown>[] = [installLog];
