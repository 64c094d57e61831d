import { randomBytes } from 'node:crypto';
import { packageEvent, wellFormed, type IInstalledChange, type IRecordEvent } from '@labkeeper/core';
import { sha256Hex } from '../audit/segment.js';
import type { ISite } from './find-sites.js';

/**
 * What is recorded about a change on the disk.
 *
 * @param salt - of this server: keeps the environment's name in the log from telling its path.
 * @param nowMs - wall clock.
 */
export function changeEvent(
  change: IInstalledChange,
  site: ISite,
  salt: string,
  nowMs: number
): IRecordEvent {
  const { action, installed } = change;
  const { ecosystem, name, version, requested, installer, recordDigest, files, origin } = installed;
  const isRemoved = action === 'remove';
  return packageEvent({
    action,
    // When something was removed nothing tells.
    occurredAtMs: isRemoved ? nowMs : Math.min(installed.changedAtMs, nowMs),
    observedAtMs: nowMs,
    // Who removed it is not known either.
    tool: isRemoved || installer === null ? null : { name: installer, version: null },
    environment: {
      id: environmentId(site.prefix, salt),
      kind: site.kind,
      python: site.python
    },
    package: { ecosystem, name, version, requested, installer, recordDigest, files, origin },
    personal: {
      salt: randomBytes(16).toString('hex'),
      prefix: wellFormed(site.prefix).slice(0, 4096),
      notebook: null,
      argv: null,
      directUrl: installed.directUrl
    }
  });
}

/** The environment's name in the log: the same on one server for one path, and does not tell it. */
export function environmentId(prefix: string, salt: string): string {
  return sha256Hex(`${salt}\n${prefix}`).slice(0, 16);
}
