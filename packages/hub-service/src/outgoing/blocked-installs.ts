import type { Announcement, IForwardedRecord } from '@labkeeper/protocol';
import { LogEntry, parseShape } from '@labkeeper/protocol';
import type { IMessagePlace } from './message-queue.js';

/** Of one person one is announced in so long, in ms: whatever a container tries, it floods no chat. The log has them all. */
const ONCE_MS = 3_600_000;

/** What is announced of a record: that an install was blocked. null = it tells of no such thing. */
export function blockedInstall(
  record: IForwardedRecord
): { readonly announcement: Announcement; readonly place: IMessagePlace } | null {
  if (record.action !== 'deny' && record.effect !== 'deny') {
    return null;
  }
  const { index, receivedAtMs, hub, user, server, ecosystem, packageName, packageVersion } = record;
  const decision = parseShape(LogEntry, record.entry)?.record?.decision ?? null;
  const hour = Math.floor(receivedAtMs / ONCE_MS);
  return {
    announcement: {
      type: 'install.blocked',
      timestamp: new Date(receivedAtMs).toISOString(),
      data: {
        ...{ hub, user, server, ecosystem, index },
        package: packageName,
        version: packageVersion,
        rule: decision?.ruleId ?? null,
        reason: decision?.reason ?? null
      }
    },
    place: {
      orderKey: `blocked:${index}`,
      onceKey: JSON.stringify(['blocked', hub, user, hour])
    }
  };
}
