import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { reclaim } from './plugins/reclaim.js';
import { saveGuard } from './plugins/save-guard.js';

/** The plugins of the save guard. */
export const saveGuardPlugins: JupyterFrontEndPlugin<unknown>[] = [saveGuard, reclaim];
