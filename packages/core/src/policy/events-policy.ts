import type { EventsWanted, Policy } from '@labkeeper/protocol';

/** Days that events are kept where policy does not say. */
const DAYS = 30;
const DAY_MS = 86_400_000;

/** Which events servers send under a policy: without a word about them all but counts of errors. */
export function eventsWanted({ events }: Policy): EventsWanted {
  const send = events?.send ?? true;
  return { send, errors: send && (events?.errors ?? false) };
}

/** How long events are kept under a policy, ms. */
export function eventsKeptMs({ events }: Policy): number {
  return (events?.days ?? DAYS) * DAY_MS;
}
