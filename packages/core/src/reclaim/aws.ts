import type { IMetadataText } from './metadata-text.js';
import { isObject, readJson, textOf, type JsonObject } from './read-json.js';
import { readIsoTime, readNamedTime } from './read-time.js';
import {
  nonsense,
  notice,
  NOTHING,
  notices,
  quoted,
  type Heard,
  type IReclaimStatement
} from './statement.js';

const SOURCE = 'AWS';

/**
 * `spot/instance-action`: 404 is the normal "no notice", else `{"action": "terminate", "time": "2020-04-24T17:11:44Z"}`.
 * The notice comes two minutes before `time`; a hibernation begins at once, so there the deadline is any moment.
 * (AWS: spot-instance-termination-notices.)
 */
export function parseSpotAction({ status, text }: IMetadataText): Heard {
  if (status === 404) {
    return NOTHING;
  }
  const value = status === 200 ? readJson(text) : undefined;
  if (!isObject(value)) {
    return nonsense(`spot/instance-action answered ${status} with ${quoted(text)}`);
  }
  const action = textOf(value, 'action');
  if (action === 'hibernate') {
    return notice({ key: action, kind: 'reclaim', deadlineMs: null, source: SOURCE });
  }
  const deadlineMs = readIsoTime(textOf(value, 'time') ?? '');
  if ((action !== 'terminate' && action !== 'stop') || deadlineMs === null) {
    return nonsense(`spot/instance-action has no action and time that are known: ${quoted(text)}`);
  }
  return notice({ key: action, kind: 'reclaim', deadlineMs, source: SOURCE });
}

/**
 * `events/recommendations/rebalance`: 404, or `{"noticeTime": …}`: this machine is likelier than others to be taken
 * back. No promise and no deadline: it often comes to nothing, and an alarm that comes to nothing teaches people to
 * ignore the one that matters. So it is no notice; whoever hears it looks for the real one more often. null = nonsense.
 */
export function parseRebalance({ status, text }: IMetadataText): boolean | null {
  if (status === 404) {
    return false;
  }
  const value = status === 200 ? readJson(text) : undefined;
  return isObject(value) && readIsoTime(textOf(value, 'noticeTime') ?? '') !== null ? true : null;
}

/** The event codes of `events/maintenance/scheduled` (AWS: InstanceStatusEvent). */
const MAINTENANCE = new Set([
  'instance-reboot',
  'system-reboot',
  'system-maintenance',
  'instance-retirement',
  'instance-stop'
]);

/**
 * `events/maintenance/scheduled`: an array of reboots, stops and retirements, often days ahead. Those that are over or
 * were cancelled are left out. The deadline is the beginning of the window, or any moment within it. `nowMs` tells.
 */
export function parseScheduledMaintenance({ status, text }: IMetadataText, nowMs: number): Heard {
  if (status === 404) {
    return NOTHING;
  }
  const events = status === 200 ? readJson(text) : undefined;
  if (!Array.isArray(events)) {
    return nonsense(`events/maintenance/scheduled answered ${status} with ${quoted(text)}`);
  }
  const found: IReclaimStatement[] = [];
  for (const event of events) {
    const statement = isObject(event) ? maintenance(event, nowMs) : undefined;
    if (statement === undefined) {
      return nonsense(`events/maintenance/scheduled has an event that is not known: ${quoted(text)}`);
    }
    if (statement !== null) {
      found.push(statement);
    }
  }
  return notices(found);
}

/** One scheduled event; null = it is over; undefined = it cannot be understood. */
function maintenance(event: JsonObject, nowMs: number): IReclaimStatement | null | undefined {
  const begin = textOf(event, 'NotBefore') ?? '';
  const beginMs = readNamedTime(begin);
  const endMs = readNamedTime(textOf(event, 'NotAfter') ?? '');
  const key = textOf(event, 'EventId');
  const code = textOf(event, 'Code');
  if (beginMs === null || key === null || key === '' || code === null || !MAINTENANCE.has(code)) {
    return undefined;
  }
  const over = endMs !== null && endMs <= nowMs;
  if (over || (textOf(event, 'State') ?? 'active') !== 'active') {
    return null;
  }
  const begun = beginMs <= nowMs;
  return {
    key,
    kind: 'maintenance',
    deadlineMs: begun ? null : beginMs,
    source: SOURCE,
    // An administrator may put a reboot off: the beginning is the truth, also when it is later.
    revision: begin
  };
}

/** Steady states in which the machine goes on (AWS: retrieving-target-lifecycle-state-through-imds). */
const STAYS = new Set(['InService', 'Standby', 'Detached', 'Warmed:Running']);
const ENDS = new Set(['Terminated', 'Warmed:Stopped', 'Warmed:Hibernated', 'Warmed:Terminated']);

/** `autoscaling/target-lifecycle-state`: a text; 404 outside of a scaling group. Nobody says when it ends. */
export function parseLifecycleState({ status, text }: IMetadataText): Heard {
  const state = text.trim();
  if (status === 404 || (status === 200 && STAYS.has(state))) {
    return NOTHING;
  }
  return status === 200 && ENDS.has(state)
    ? notice({ key: 'target-lifecycle-state', kind: 'reclaim', deadlineMs: null, source: SOURCE })
    : nonsense(`autoscaling/target-lifecycle-state answered ${status} with ${quoted(text)}`);
}
