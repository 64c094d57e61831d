import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { saveGuard } from './plugins/save-guard.js';

/** The plugins of the save guard. */
export const saveGuardPlugins: JupyterFrontEndPlugin<void>[] = [saveGuard];
