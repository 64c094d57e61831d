import { actOf } from '../store/act-entry.js';
import type { LogEntry } from '@labkeeper/protocol';
import { accounted, goneSentence, missingSentence } from './accounted.js';
import type { IExportOut, IExportRange, IExportSource, ILoggedEntry } from './export-source.js';
import { entryOf } from './read-entry.js';

/** Application Lifecycle, of the category Application Activity: OCSF has no class for installs of packages. */
const CLASS_UID = 6002;
const CATEGORY_UID = 6;
/** Install, Remove, Update, Other. */
const ACTIVITY = { install: 1, upgrade: 8, remove: 2 } as const;
const OTHER = 99;
const INFORMATIONAL = 1;
const LOW = 2;
const HIGH = 4;

/**
 * Writes records in the shape of OCSF 1.3, a JSON object in each line, for tools that read that: a part of each record,
 * which proves nothing. The proof is an export of the same filter and range. Last events say how many records of the range
 * were deleted, and with a filter how many are missing, where there are any.
 *
 * @returns number of records. @throws where one is missing that was not deleted by retention.
 */
export async function exportOcsf(
  source: IExportSource,
  { firstIndex, endIndex: asked, filter }: IExportRange,
  out: IExportOut,
  nowMs: number
): Promise<number> {
  const logEnd = await source.end();
  const endIndex = Math.min(asked ?? logEnd, logEnd);
  let count = 0;
  for await (const block of accounted(source, firstIndex, endIndex, filter)) {
    count += block.length;
    await out.write(Buffer.from(block.map(entry => `${JSON.stringify(eventOf(entry))}\n`).join('')));
  }
  const told = [
    ['deleted-records', INFORMATIONAL, await goneSentence(source, firstIndex, endIndex, filter)],
    ['missing-records', HIGH, await missingSentence(source, firstIndex, endIndex, filter)]
  ] as const;
  for (const [name, severity, message] of told) {
    if (message !== null) {
      await out.write(Buffer.from(`${JSON.stringify(ownEvent(name, severity, message, nowMs))}\n`));
    }
  }
  return count;
}

/** It is about the export itself. */
function ownEvent(name: string, severity: number, message: string, nowMs: number): object {
  return {
    class_uid: CLASS_UID,
    class_name: 'Application Lifecycle',
    category_uid: CATEGORY_UID,
    category_name: 'Application Activity',
    activity_id: OTHER,
    activity_name: name,
    type_uid: CLASS_UID * 100 + OTHER,
    severity_id: severity,
    time: nowMs,
    message,
    metadata: { version: '1.3.0', product: { name: 'Labkeeper', vendor_name: 'Labkeeper' } },
    app: { name: 'Labkeeper', vendor_name: 'Labkeeper' }
  };
}

function eventOf(logged: ILoggedEntry): object {
  const entry = entryOf(logged);
  const { record } = entry;
  const action = record?.action ?? actOf(logged.entry)?.action ?? 'unreadable';
  const activity = isChange(action) ? ACTIVITY[action] : OTHER;
  const isRefused = record?.decision?.effect === 'deny';
  return {
    class_uid: CLASS_UID,
    class_name: 'Application Lifecycle',
    category_uid: CATEGORY_UID,
    category_name: 'Application Activity',
    activity_id: activity,
    activity_name: action,
    type_uid: CLASS_UID * 100 + activity,
    severity_id: isRefused ? LOW : INFORMATIONAL,
    time: record?.occurredAtMs ?? entry.receivedAtMs,
    metadata: {
      version: '1.3.0',
      product: { name: 'Labkeeper', vendor_name: 'Labkeeper' },
      uid: record?.eventId ?? `${logged.index}`,
      sequence: logged.index,
      logged_time: entry.receivedAtMs
    },
    app: appOf(record),
    actor: { user: { uid: entry.person } },
    device: { hostname: entry.server, type_id: 0, domain: entry.hub },
    ...(record?.decision
      ? { status_detail: record.decision.reason, policy: { name: record.decision.ruleId } }
      : {}),
    ...(record?.outcome ? { status_id: record.outcome.ok ? 1 : 2 } : {}),
    unmapped: {
      ...{ stream: entry.stream, seq: entry.seq, gap: record?.gap ?? null },
      ...(record?.message && { message: record.message })
    }
  };
}

function appOf(record: LogEntry['record']): object {
  const { package: what, tool } = record ?? {};
  return {
    name: what?.name ?? 'unknown',
    version: what?.version ?? undefined,
    vendor_name: what?.ecosystem ?? 'unknown',
    ...(tool ? { feature: { name: tool.name } } : {})
  };
}

function isChange(action: string): action is keyof typeof ACTIVITY {
  return Object.hasOwn(ACTIVITY, action);
}
