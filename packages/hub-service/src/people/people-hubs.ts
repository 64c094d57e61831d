import type { IHubIdentity } from './hub-identity.js';
import type { IPeopleSettings } from './people-settings.js';

/** A hub at which people of these pages sign in. */
export interface IPeopleHub {
  /** Those of the pages, with this hub's own. */
  readonly settings: IPeopleSettings;
  readonly identity: IHubIdentity;
}

/** Hubs at which people sign in: a session belongs to a person at one of them. */
export class PeopleHubs {
  constructor(
    readonly first: IPeopleHub,
    readonly further: readonly IPeopleHub[]
  ) {
    this.byId = new Map([first, ...further].map(hub => [hub.settings.hub, hub]));
  }

  /** The first one first. */
  get all(): readonly IPeopleHub[] {
    return [this.first, ...this.further];
  }

  get isSeveral(): boolean {
    return this.byId.size > 1;
  }

  /** undefined = it is none of them, or no longer. */
  get(id: string): IPeopleHub | undefined {
    return this.byId.get(id);
  }

  private readonly byId: ReadonlyMap<string, IPeopleHub>;
}

/**
 * The path at which a sign-in at a further hub ends. Each hub has its own, so that one that lies about itself cannot have
 * another's codes brought to it (RFC 9700, 4.4.2).
 */
export function callbackPath(hub: string): string {
  return `/oauth_callback/${hub}`;
}
