import { randomUUID } from 'node:crypto';

/** Where a UUID says its version, and the version that is left to whoever makes it (RFC 9562 §5.8). */
const VERSION_AT = 14;
const CUSTOM = '8';
const RANDOM = '4';

/**
 * A name for a stream that the service writes in somebody's name, such as that of her request's records. Companions call
 * theirs by random UUIDs (version 4), so that it can be told from them: her container learns the name from the list of her
 * records, and must not write there.
 */
export function newServiceStream(): string {
  const random = randomUUID();
  return `${random.slice(0, VERSION_AT)}${CUSTOM}${random.slice(VERSION_AT + 1)}`;
}

/**
 * Whether it is called as companions call theirs. A container may name one otherwise: of such a stream the service tells
 * nothing, because two names may differ in their version alone, and what tells of one would stand for both.
 *
 * @param boot - a UUID.
 */
export function isCompanionStream(boot: string): boolean {
  return boot[VERSION_AT] === RANDOM;
}

/** The name of the service's stream that tells of a companion's: the same but for its version, so that it is always the same. */
export function streamAbout(boot: string): string {
  return `${boot.slice(0, VERSION_AT)}${CUSTOM}${boot.slice(VERSION_AT + 1)}`;
}

/** Whether it is a name that `newServiceStream` or `streamAbout` made. @param boot - a UUID. */
export function isServiceStream(boot: string): boolean {
  return boot[VERSION_AT] === CUSTOM;
}
