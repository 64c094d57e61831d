import { AuditRecord, PersonalPart } from '@labkeeper/protocol';
import * as v from 'valibot';

const Entry = v.object({ record: AuditRecord });

/** The record in a line of the log; null = the line holds none that this version can read. */
export function readEntry(entry: string): AuditRecord | null {
  const result = v.safeParse(Entry, json(entry));
  return result.success ? result.output.record : null;
}

/** The personal part; null = there is none that this version can read. */
export function readPersonal(personal: string | null): PersonalPart | null {
  const result = v.safeParse(PersonalPart, personal === null ? null : json(personal));
  return result.success ? result.output : null;
}

/** undefined = it is no JSON: as little a record as a number is one. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
