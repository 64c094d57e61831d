import { isInstall } from '@labkeeper/core';
import type { ListedRecord } from '@labkeeper/protocol';

/** Installs that are read for others, at most. */
const MOST = 10;

/** What was installed last, the newest first: messages, requests and decisions are no installs. */
export function lastInstalls(records: readonly ListedRecord[]): readonly ListedRecord[] {
  return records.filter(({ action }) => isInstall(action)).slice(0, MOST);
}
