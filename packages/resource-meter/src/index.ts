import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { deathPlugins } from './deaths/index.js';
import { companion } from './plugins/companion.js';
import { getHelp } from './plugins/get-help.js';
import { resourceMeter } from './plugins/resource-meter.js';

/** The plugins of the resource meter. */
export const resourceMeterPlugins: JupyterFrontEndPlugin<unknown>[] = [
  companion,
  resourceMeter,
  getHelp,
  ...deathPlugins
];
