import * as v from 'valibot';
import { TokenSeal } from '../tickets/token-seal.js';

/** A sign-in that has begun: the browser is at JupyterHub. */
export interface IBegunLogin {
  /** At which hub it began, and where alone it can end. */
  readonly hub: string;
  /** Fingerprint of the state that travels through JupyterHub. */
  readonly state: string;
  /** PKCE. */
  readonly verifier: string;
  /** Where to go afterwards: a path of ours. */
  readonly next: string;
  /** Epoch ms. */
  readonly endsAtMs: number;
}

const BegunLogin = v.strictObject({
  hub: v.string(),
  state: v.string(),
  verifier: v.string(),
  next: v.string(),
  endsAtMs: v.number()
});

/** Longest text that is looked at, in characters: an address of 2 048 and what is around it, as base64url. */
const SEALED_LENGTH = 3800;

/**
 * What the service must know when somebody comes back from JupyterHub, kept by her own browser and readable only here.
 * So whoever begins sign-ins without end fills nothing, and pushes nobody else's out; and every replica can end one.
 */
export class LoginSeal {
  /** @param key - 32 bytes of this purpose alone, the same for all replicas. */
  constructor(key: Uint8Array) {
    this.seal = new TokenSeal(key);
  }

  /** @returns base64url. */
  close(login: IBegunLogin): string {
    return this.seal.close(JSON.stringify(login));
  }

  /** null = it was not closed here, or was altered. */
  open(sealed: string | undefined): IBegunLogin | null {
    if (sealed === undefined || sealed.length > SEALED_LENGTH) {
      return null;
    }
    try {
      return v.parse(BegunLogin, JSON.parse(this.seal.open(sealed)));
    } catch {
      // Somebody's own text: there is nothing to tell anybody.
      return null;
    }
  }

  private readonly seal: TokenSeal;
}
