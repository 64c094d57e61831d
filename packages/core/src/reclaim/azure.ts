import type { ReclaimKind } from '@labkeeper/protocol';
import type { IMetadataText } from './metadata-text.js';
import { isObject, readJson, textOf, type JsonObject } from './read-json.js';
import { readNamedTime } from './read-time.js';
import { nonsense, notices, quoted, type Heard, type IReclaimStatement } from './statement.js';

const SOURCE = 'Azure';

/** What each `EventType` does (Azure: scheduled-events). A freeze keeps memory and open files and lasts seconds. */
const KINDS: Readonly<Record<string, ReclaimKind>> = {
  Preempt: 'reclaim',
  Terminate: 'reclaim',
  Reboot: 'maintenance',
  Redeploy: 'maintenance',
  Freeze: 'maintenance'
};

/**
 * `scheduledevents`: the events of all machines of the set, of which only those count whose `Resources` name this one.
 * `NotBefore` is blank once an event has started: then it is any moment.
 *
 * @param machine - what Azure calls this machine, `instance/compute/name`; host names differ from it in scale sets.
 */
export function parseScheduledEvents({ status, text }: IMetadataText, machine: string): Heard {
  const value = status === 200 ? readJson(text) : undefined;
  const events = isObject(value) ? value['Events'] : undefined;
  if (!Array.isArray(events)) {
    return nonsense(`scheduledevents answered ${status} with ${quoted(text)}`);
  }
  const found: IReclaimStatement[] = [];
  for (const event of events) {
    const statement = isObject(event) ? readEvent(event, machine) : undefined;
    if (statement === undefined) {
      return nonsense(`scheduledevents has an event that is not known: ${quoted(JSON.stringify(event))}`);
    }
    if (statement !== null) {
      found.push(statement);
    }
  }
  return notices(found);
}

/** One event; null = it does not concern this machine; undefined = it cannot be understood. */
function readEvent(event: JsonObject, machine: string): IReclaimStatement | null | undefined {
  const key = textOf(event, 'EventId');
  const resources = event['Resources'];
  if (key === null || key === '' || !Array.isArray(resources)) {
    return undefined;
  }
  const name = machine.toLowerCase();
  // Azure's names do not depend on the case.
  const concerns = resources.some(
    resource => typeof resource === 'string' && resource.toLowerCase() === name
  );
  // 0 s: an update of the network, say, which the machine does not notice.
  if (!concerns || event['DurationInSeconds'] === 0) {
    return null;
  }
  const type = textOf(event, 'EventType') ?? '';
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  const status = textOf(event, 'EventStatus');
  const notBefore = (textOf(event, 'NotBefore') ?? '').trim();
  const startMs = readNamedTime(notBefore);
  const started = status === 'Started';
  if (kind === undefined || (!started && (status !== 'Scheduled' || startMs === null))) {
    return undefined;
  }
  return {
    ...{ key, kind, deadlineMs: started ? null : startMs, source: SOURCE, revision: notBefore },
    ...(type === 'Freeze' ? { memoryKept: true } : {})
  };
}
