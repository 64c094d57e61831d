import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database.js';
import { anchorsSchema } from './anchors.js';
import { firstSchema } from './first-schema.js';
import { holdings } from './holdings.js';
import { legalActs } from './legal-acts.js';
import { policySchema } from './policy.js';

/** All migrations by name, in the order of their names. One that was released is never changed. */
export function migrations(kind: DatabaseKind): Record<string, Migration> {
  return {
    '2026-11-27-first-schema': firstSchema(kind),
    '2026-11-27-holdings': holdings(kind),
    '2026-11-27-legal-acts': legalActs(kind),
    '2026-11-27-policy': policySchema(kind),
    '2026-11-27-z-anchors': anchorsSchema(kind)
  };
}
