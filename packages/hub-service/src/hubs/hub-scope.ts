/**
 * The hub whose records alone people of a hub may see; null = the log has no other's, so that nothing need be left out. A
 * name is a name at a hub, and so is a role: what somebody may at one hub gives nothing at another.
 */
export type HubScope = (hub: string) => string | null;

/** A log of one hub: what its people see needs no limit. */
export const ONE_HUB: HubScope = () => null;
/** A log of several. */
export const OWN_HUB: HubScope = hub => hub;
