import type { Act, AuditRecord } from '@labkeeper/protocol';
import { actUnknowns } from './act-words.js';
import type { ILogStory } from '../store/log-reader.js';

/** How far the container's clock may be from the hub's before it is told, in ms. */
const CLOCK_MS = 120_000;
const CHANGES: readonly string[] = ['install', 'upgrade', 'remove'];
/** They are not about a package that came or went. */
const OF_NO_INSTALL: readonly string[] = ['opened', 'closed', 'heartbeat', 'gap', 'message'];

/**
 * What is not known about a record, a sentence each, the gravest first.
 *
 * @param record - null = it could not be read, or is an act.
 * @param act - of the service; null = it is none.
 */
export function unknowns(record: AuditRecord | null, act: Act | null, story: ILogStory): readonly string[] {
  return [
    ...(act ? actUnknowns(act, story) : record ? ofRecord(record, story) : UNREAD),
    ...ofClocks(story),
    ...(story.personalErased
      ? ['The personal part was erased: paths and the command are gone for ever.']
      : []),
    ...(story.row.user === null ? ["The person's name was erased."] : []),
    ...(story.digest === null
      ? [
          act
            ? 'No digest covers it yet: until then only the service’s signature proves it.'
            : 'No digest covers it yet: until then only its receipt in the container proves that it came.'
        ]
      : [])
  ];
}

const UNREAD: readonly string[] = ['What came could not be read, so nothing it may have told is known.'];

function ofRecord(record: AuditRecord, { row }: ILogStory): readonly string[] {
  const gap = record.gap
    ? [
        record.gap.sinceMs === null ? 'Since when records are missing is not known.' : null,
        record.gap.count === null ? 'How many records are missing is not known.' : null
      ]
    : [];
  // What was done with a request is no install: nothing of it could be on a disk.
  const isInstall = row.grade !== 'hub' && !OF_NO_INSTALL.includes(record.action);
  return [...gap, ...(isInstall ? ofPackage(record) : [])].filter(sentence => sentence !== null);
}

function ofPackage(record: AuditRecord): readonly (string | null)[] {
  const { action, environment, evidence, outcome, surface, tool } = record;
  const item = record.package;
  const onDisk = evidence.some(({ source }) => source === 'disk');
  const decided = record.decision !== null;
  return [
    item === null ? 'Which package it is about is not known.' : null,
    item && item.version === null ? 'Which version it is is not known.' : null,
    tool === null ? 'Through which tool it came is not known.' : null,
    surface === 'unknown' ? 'Where it was done, in a terminal, a notebook or a panel, is not known.' : null,
    CHANGES.includes(action) && outcome === null ? 'Whether it succeeded is not known.' : null,
    onDisk ? null : 'Nothing on the disk confirms it.',
    decided ? null : 'Whether policy allowed it is not known: no decision is on record.',
    item && item.requested === null
      ? 'Whether it was asked for by name, or came because another package needs it, is not known.'
      : null,
    item && item.origin === 'unknown' ? 'From where it was fetched is not known.' : null,
    item && onDisk && item.recordDigest === null
      ? 'It has no list of its files, so altered files would not be seen.'
      : null,
    environment === null ? 'In which environment is not known.' : null,
    environment && environment.python === null ? 'Which Python the environment has is not known.' : null
  ];
}

function ofClocks({ row }: ILogStory): readonly string[] {
  const aheadMs = (row.occurredAtMs ?? 0) - row.receivedAtMs;
  return aheadMs > CLOCK_MS
    ? [
        "When it happened is not known: the container's clock was ahead of the hub's. The time of arrival is right."
      ]
    : [];
}
