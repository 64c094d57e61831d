import type { Logger } from 'pino';
import { listedErasures } from '../backup/listed-erasures.js';
import type { IHubParts } from '../hubs/hub-parts.js';
import type { Outgoing } from '../outgoing/outgoing.js';
import type { IDatabase } from '../store/database.js';
import type { OwnActs } from '../store/own-acts.js';
import type { SqlLegal } from '../store/sql-legal.js';
import { Offboarding } from './offboarding.js';
import { serversStep, sessionsStep, tokensStep } from './steps.js';

export interface IOffboardingPartsOptions {
  readonly database: IDatabase;
  readonly stateFolder: string;
  readonly at: Pick<IHubParts, 'hubs' | 'scope'>;
  readonly ownActs: OwnActs;
  /** The same, where a failure is for later. */
  readonly acts: Pick<OwnActs, 'flush'>;
  readonly outgoing: Outgoing;
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Holds and erasure, and what ends somebody's access at her hub. */
export function offboardingParts(options: IOffboardingPartsOptions): {
  readonly legal: SqlLegal;
  readonly offboarding: Offboarding;
} {
  const { database, stateFolder, at, ownActs, acts, outgoing, log, nowMs } = options;
  const legal = listedErasures(database, nowMs, acts, stateFolder, at.scope);
  const offboarding = new Offboarding({
    ...{ database, legal, outgoing, log, nowMs },
    acts: { flush: () => acts.flush(), find: id => ownActs.find(id) },
    steps: hub => {
      const access = at.hubs.get(hub)?.accessApi;
      return access ? [sessionsStep(access), serversStep(access), tokensStep(access)] : [];
    },
    isKnown: async (hub, user) => {
      const access = at.hubs.get(hub)?.accessApi;
      return access ? (await access.servers(user)) !== null : false;
    }
  });
  return { legal, offboarding };
}
