import type { ICompanion } from '@labkeeper/labkit';
import { batchDurable, Receiver } from '@labkeeper/protocol';
import { DisposableDelegate, DisposableSet } from '@lumino/disposable';
import { JournalRun } from '../journal/journal-run.js';
import type { BrowserStore } from './browser-store.js';

/**
 * Gives the companion what pages that are gone could not send: it lies in the journal then, and is recovered as what a
 * crash leaves. What is durable there leaves the browser.
 */
export async function sendLeftBehind(companion: ICompanion, store: BrowserStore): Promise<void> {
  const left = await store.leftBehind();
  if (left.length === 0) {
    return;
  }
  const waiting = new Map<string, JournalRun>();
  const listening = new DisposableSet();
  listening.add(
    companion.listen(
      new Receiver().on(batchDurable, ({ run, seq }) => {
        if (waiting.get(run)?.durable(seq) != null) {
          waiting.delete(run);
          void store.remove(run);
          if (waiting.size === 0) {
            listening.dispose();
          }
        }
      })
    )
  );
  // What is not durable by then is sent anew over the next connection.
  const onState = (): void => {
    if (companion.state !== 'connected') {
      listening.dispose();
    }
  };
  companion.stateChanged.connect(onState);
  listening.add(new DisposableDelegate(() => companion.stateChanged.disconnect(onState)));
  for (const { run, path, kind, records } of left) {
    const sender = new JournalRun({ companion, run, path, kind, replaces: null, savedAtMs: null });
    waiting.set(run, sender);
    sender.append(records, 1);
  }
}
