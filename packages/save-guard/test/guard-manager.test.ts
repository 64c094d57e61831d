import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { ICompanion, IClock } from '@labkeeper/labkit';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { BrowserStore } from '../src/browser-store/browser-store.js';
import type { GuardedContents } from '../src/contents/guarded-contents.js';
import { GuardManager } from '../src/guard-manager.js';
import type { PagePulse } from '../src/page-pulse.js';

test('the hub’s policy leaves files to JupyterLab, and gives them back', () => {
  const info = { disabled: [] as string[] };
  const companion: object = {
    ...{ state: 'connected', info, send: () => true },
    listen: () => new DisposableDelegate(() => undefined)
  };
  const manager = new GuardManager({
    companion: Object.assign(companion, { stateChanged: new Signal(companion) }) as unknown as ICompanion,
    contents: {} as GuardedContents,
    clock: { now: () => 0 } as IClock,
    browser: {} as BrowserStore,
    server: '/',
    pulse: { beat: new Signal({}) } as unknown as PagePulse,
    lab: { driveOf: () => '', autosaves: () => true },
    askRoom: (_context: DocumentRegistry.Context) => Promise.resolve()
  });
  expect(manager.mode).toBe('full');
  info.disabled = ['save-guard'];
  expect(manager.mode).toBe('journal');
  info.disabled = ['meter'];
  expect(manager.mode).toBe('full');
  // What the user chose is not forgotten by it.
  manager.mode = 'journal';
  expect(manager.mode).toBe('journal');
  manager.dispose();
});
