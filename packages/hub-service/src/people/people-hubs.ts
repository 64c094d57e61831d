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
  /** @param others - those beside the first, as they are now. */
  constructor(
    readonly first: IPeopleHub,
    private readonly others: () => readonly IPeopleHub[] = () => []
  ) {}

  get further(): readonly IPeopleHub[] {
    return this.others();
  }

  /** The first one first. */
  get all(): readonly IPeopleHub[] {
    return [this.first, ...this.further];
  }

  get isSeveral(): boolean {
    return this.further.length > 0;
  }

  /** undefined = it is none of them, or no longer. */
  get(id: string): IPeopleHub | undefined {
    return this.all.find(({ settings }) => settings.hub === id);
  }
}

/** The path of `callbackPath` for whichever hub there is. */
export const CALLBACK_PATTERN = '/oauth_callback/:hub';

/**
 * The path at which a sign-in at a further hub ends. Each hub has its own, so that one that lies about itself cannot have
 * another's codes brought to it (RFC 9700, 4.4.2).
 */
export function callbackPath(hub: string): string {
  return `/oauth_callback/${hub}`;
}
