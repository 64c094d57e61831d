import { TokenRefused, type TokenAccess } from './token-access.js';

/** The header in which a command says of which hub its token is; without it the first one is meant. */
export const HUB_HEADER = 'labkeeper-hub';

/** Tokens of people, each looked up at the hub that is named with it and nowhere else. */
export class HubTokens {
  constructor(
    private readonly first: TokenAccess,
    /** Of a hub as it is called; undefined = it is not trusted, or no longer. */
    private readonly of: (hub: string) => TokenAccess | undefined = () => undefined
  ) {}

  /** @param named - the header as it came. @throws TokenRefused */
  at(named: string | readonly string[] | undefined): TokenAccess {
    const access = named === undefined ? this.first : typeof named === 'string' ? this.of(named) : undefined;
    if (access === undefined) {
      throw new TokenRefused(
        403,
        'This service does not know a hub of the name in LABKEEPER_HUB, or its file of hubs has a mistake.'
      );
    }
    return access;
  }
}
