import { ActEntry, type ActRecord, parseShape } from '@labkeeper/protocol';

/** The service's own record in a line of the log; null = it holds another one. */
export function actOf(entry: string): ActRecord | null {
  return parseShape(ActEntry, entry)?.record ?? null;
}
