import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { packageInstallerPlugins } from '@labkeeper/package-installer';
import { resourceMeterPlugins } from '@labkeeper/resource-meter';
import { saveGuardPlugins } from '@labkeeper/save-guard';

/** All plugins of Labkeeper: one bundle, so that shared parts are loaded once. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  ...resourceMeterPlugins,
  ...saveGuardPlugins,
  ...packageInstallerPlugins
];

export default plugins;
