import type { IContentProviderRegistry } from '@jupyterlab/services';
import { PROVIDER_ID } from './guarded-contents.js';

/**
 * Lets documents on other drives be read and written as without Labkeeper.
 *
 * JupyterLab asks the drive of a document for the provider that the document's factory names, and each drive has
 * providers of its own: on a second drive that is a stock `Drive` ours is not known, and nothing could be opened there.
 * Drives come at any time and are not listed, so the question itself is answered, for all registries of that class.
 *
 * @param registry - of JupyterLab's own drive; its class is not exported by JupyterLab 4.4.
 */
export function leaveOtherDrivesAlone(registry: IContentProviderRegistry): void {
  const prototype: IContentProviderRegistry = Object.getPrototypeOf(registry);
  const stock = prototype.getProvider;
  prototype.getProvider = function (this: IContentProviderRegistry, identifier) {
    if (identifier !== PROVIDER_ID) {
      return stock.call(this, identifier);
    }
    try {
      return stock.call(this, identifier);
    } catch {
      // It is not known there. Without a provider a drive does what it always did.
      return null;
    }
  };
}
