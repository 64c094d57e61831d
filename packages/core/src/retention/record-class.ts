import type { AuditAction, RetentionClass } from '@labkeeper/protocol';

/** Classes of records; looks are kept beside the log. */
export type RecordClass = Exclude<RetentionClass, 'looks'>;

/** Which class a record's action puts it in. Acts are in none: they are never deleted. */
const CLASS_OF: Readonly<Record<AuditAction | 'unreadable', RecordClass>> = {
  request: 'installs',
  message: 'installs',
  allow: 'installs',
  deny: 'installs',
  warn: 'installs',
  install: 'installs',
  upgrade: 'installs',
  remove: 'installs',
  'dry-run': 'installs',
  // It may have been anything: it is kept as long as what is kept longest in practice.
  unreadable: 'installs',
  'found-on-disk': 'disk',
  altered: 'disk',
  opened: 'streams',
  closed: 'streams',
  gap: 'streams',
  heartbeat: 'streams'
};

export const RECORD_CLASSES = ['installs', 'disk', 'streams'] as const satisfies readonly RecordClass[];

/** The actions of one class. */
export function actionsOf(name: RecordClass): readonly string[] {
  return Object.entries(CLASS_OF).flatMap(([action, its]) => (its === name ? [action] : []));
}
