import { viewAddress } from './view-address.js';

/** Whose researchers' answers are asked for; undefined = those of the reader's own hub. */
export function readVerdictsHub(query: unknown): string | undefined {
  const given = typeof query === 'object' && query !== null && 'hub' in query ? query.hub : undefined;
  if (typeof given !== 'string') {
    // Twice in the address it is no hub's name, and is refused as one that she may not read.
    return given === undefined ? undefined : '?';
  }
  return given.trim() === '' ? undefined : given.trim();
}

/** The address of the answers of a hub. */
export function verdictsAddress(hub: string | undefined): string {
  return viewAddress('/verdicts', ['hub'], { hub }, null);
}
