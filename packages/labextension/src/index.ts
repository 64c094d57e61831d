import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { resourceMeterPlugins } from '@labkeeper/resource-meter';
import { saveGuardPlugins } from '@labkeeper/save-guard';

/** All plugins of Labkeeper: one bundle, so that shared parts are loaded once. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [...resourceMeterPlugins, ...saveGuardPlugins];

export default plugins;
