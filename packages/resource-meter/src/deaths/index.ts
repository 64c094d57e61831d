import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { deaths } from './plugin.js';

/** Explains kernel deaths and notices, and gives the panel its words for past ones. */
export const deathPlugins: JupyterFrontEndPlugin<unknown>[] = [deaths];
