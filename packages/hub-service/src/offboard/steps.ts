import { setTimeout as pause } from 'node:timers/promises';
import type { OffboardPart } from '@labkeeper/protocol';
import { reasonOf } from '../failure.js';
import type { IAccessApi } from '../hub-api/access-api.js';

/** One part of ending somebody's access: later parts of Labkeeper (grants, requests) add their own. */
export interface IOffboardStep {
  readonly what: OffboardPart['what'];
  /** Ends what there is. Again, it ends what is left. @throws whatever keeps it from everything. */
  end(user: string): Promise<IEnded>;
}

export interface IEnded {
  readonly ended: number;
  readonly failed: number;
  /** One sentence; null = there is nothing to say. */
  readonly says: string | null;
}

/** How long a server may take to stop before it is said that it does, in ms. */
const STOP_MS = 20_000;
const LOOK_MS = 500;

/**
 * Stops her servers. Before her tokens: a companion sends its last records while its server stops.
 *
 * @param stopMs - longest wait for the last one.
 */
export function serversStep(api: IAccessApi, stopMs = STOP_MS): IOffboardStep {
  return {
    what: 'servers',
    async end(user) {
      const running = (await api.servers(user)) ?? [];
      const results = await each(running, server => api.stop(user, server));
      const untilMs = performance.now() + stopMs;
      let left: readonly string[] = running;
      while (left.length > 0) {
        left = (await api.servers(user)) ?? [];
        if (left.length === 0 || performance.now() > untilMs) {
          break;
        }
        await pause(LOOK_MS);
      }
      return {
        ended: Math.max(0, running.length - left.length),
        failed: left.length,
        says: left.length === 0 ? null : (results.says ?? 'Some servers still stop; ask again in a minute.')
      };
    }
  };
}

/** Signs her browsers out of JupyterHub. First of all: with one she could start a server anew while the others are ended. */
export function sessionsStep(api: IAccessApi): IOffboardStep {
  return {
    what: 'sessions',
    async end(user) {
      const isKnown = await api.signOut(user);
      return {
        ended: 0,
        failed: 0,
        says: isKnown ? 'Whatever browser was signed in to JupyterHub in this name is signed out.' : null
      };
    }
  };
}

/** Ends her tokens at JupyterHub, and with them our tickets and sessions, which are good for 30 s after at most. */
export function tokensStep(api: IAccessApi): IOffboardStep {
  return {
    what: 'tokens',
    async end(user) {
      return each(await api.tokens(user), token => api.revoke(user, token));
    }
  };
}

async function each(things: readonly string[], end: (thing: string) => Promise<boolean>): Promise<IEnded> {
  let [ended, failed] = [0, 0];
  let says: string | null = null;
  for (const thing of things) {
    try {
      ended += (await end(thing)) ? 1 : 0;
    } catch (error) {
      failed += 1;
      says = reasonOf(error);
    }
  }
  return { ended, failed, says };
}
