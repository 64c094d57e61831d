import { HUB_PROTOCOLS } from '@labkeeper/protocol';
import * as v from 'valibot';

/**
 * What is said to a companion of a version that is not read here.
 *
 * @param head - first line of a batch, parsed.
 * @returns a sentence for people; null = it says no other version.
 */
export function otherProtocol(head: unknown): string | null {
  const other = v.safeParse(v.object({ protocol: v.number() }), head);
  return other.success && !HUB_PROTOCOLS.includes(other.output.protocol)
    ? `This service reads protocol ${HUB_PROTOCOLS.join(', ')}, not ${other.output.protocol}: bring the older of the two up to date.`
    : null;
}
