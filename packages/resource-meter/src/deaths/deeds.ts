import { Clipboard } from '@jupyterlab/apputils';
import { KernelAPI, type ServiceManager } from '@jupyterlab/services';
import type { ExplanationAction } from './explanation.js';
import type { Speech } from './speech.js';

/** Puts a text into the clipboard. @returns whether it is there. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No permission, or a page without https where there is no clipboard object: the old way still works there.
  }
  let taken = false;
  const onCopy = (): void => {
    taken = true;
  };
  document.body.addEventListener('copy', onCopy);
  try {
    Clipboard.copyToSystem(text);
  } finally {
    document.body.removeEventListener('copy', onCopy);
  }
  return taken;
}

/** Does what a button of the dialog says, at the server. @returns one translated sentence about the outcome. */
export async function actAtServer(
  action: Exclude<ExplanationAction, { kind: 'start' }>,
  services: ServiceManager.IManager,
  speech: Speech
): Promise<string> {
  const { trans, quantities } = speech;
  try {
    switch (action.kind) {
      case 'shut-down':
        await shutDown(action.kernelId, services);
        return trans.__(
          '%1 was shut down and %2 is free again.',
          action.title,
          quantities.bytes(action.bytes)
        );
      case 'interrupt':
        await KernelAPI.interruptKernel(action.kernelId, services.serverSettings);
        return trans.__('%1 was interrupted.', action.title);
    }
  } catch (error) {
    return trans.__('The server did not do it: %1', error instanceof Error ? error.message : String(error));
  }
}

/** A kernel with a session is ended through it, so that open documents hear of it. */
async function shutDown(kernelId: string, services: ServiceManager.IManager): Promise<void> {
  for (const session of services.sessions.running()) {
    if (session.kernel?.id === kernelId) {
      await services.sessions.shutdown(session.id);
      return;
    }
  }
  await services.kernels.shutdown(kernelId);
}
