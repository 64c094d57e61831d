import type { EventsWanted, SwitchablePart } from '@labkeeper/protocol';
import type { IAuditEnvironment } from '../audit/audit-environment.js';
import { HubClient } from '../audit/hub-client.js';
import { HubTickets } from '../audit/hub-tickets.js';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { HubFolder } from '../hub/hub-folder.js';
import type { Log } from '../log.js';
import type { OutgoingLedger } from '../outgoing/outgoing-ledger.js';
import type { PartSwitches } from './part-switches.js';
import { PolicyNote } from './policy-note.js';
import { POLL_MS, PolicyWatch, type IPolicyHealth } from './policy-watch.js';

export interface IWatchPolicyOptions {
  readonly environment: IAuditEnvironment;
  /** Where its last word is kept; null = nowhere. */
  readonly folder: HubFolder | null;
  readonly switches: PartSwitches;
  readonly clock: IClock;
  readonly log: Log;
  /** Where it is noted what leaves this container. */
  readonly outgoing: OutgoingLedger;
  /** These parts went off or came on, or `saidAtMs` is another now. */
  readonly changed: (parts: readonly SwitchablePart[]) => void;
  /** A request of this user has changed. */
  readonly requestsChanged?: () => void;
  /** Which events the hub takes. */
  readonly wanted: (events: EventsWanted) => void;
}

/** How policy stands here. */
export interface IWatchedPolicyHealth extends IPolicyHealth {
  /** @see IWatchedPolicy.saidAtMs */
  readonly saidAtMs: number | null;
}

/** The watch over the hub's policy, with the tickets that whoever else speaks with the hub shares. */
export interface IWatchedPolicy extends IDisposable {
  readonly tickets: HubTickets;
  /**
   * The hub has not answered since this companion began, so what holds is what it said then, epoch ms; null = it has, or it
   * never said anything.
   */
  readonly saidAtMs: number | null;
  start(): void;
  health(): IWatchedPolicyHealth;
  /** Resolves when its last word is kept, or cannot be. Never, where the home hangs. */
  settled(): Promise<void>;
}

/**
 * Keeps the switches as the hub's policy says; until it has said something, as it said when a companion of this home heard
 * it last, but for the log of installs, which goes on.
 *
 * @returns null = there is no service.
 */
export function watchPolicy(options: IWatchPolicyOptions): IWatchedPolicy | null {
  const { environment, folder, switches, clock, log, outgoing, changed, wanted } = options;
  const { serviceUrl, token, hub, image } = environment;
  if (serviceUrl === null) {
    return null;
  }
  const wallMs = (): number => clock.wallMs();
  const tickets = new HubTickets({ client: new HubClient(serviceUrl, wallMs, outgoing), token, hub, clock });
  const note = folder && new PolicyNote({ folder, clock, log });
  let hasAnswered = false;
  let saidAtMs: number | null = null;
  const obey = (off: ReadonlyMap<SwitchablePart, string>, who: string): readonly SwitchablePart[] => {
    const parts = switches.set(new Set(off.keys()));
    for (const part of parts) {
      const reason = off.get(part);
      log(`${who} switched ${part} ${reason === undefined ? 'on.' : `off: ${reason}`}`);
    }
    return parts;
  };
  const recall = async (): Promise<void> => {
    const kept = (await note?.read()) ?? null;
    // The hub may have answered while a slow home was read: only its word counts then.
    if (kept !== null && !hasAnswered) {
      saidAtMs = kept.saidAtMs;
      wanted(kept.events);
      const asOf = new Date(saidAtMs).toISOString();
      // Not the log of installs: the file is the user's own, and "policy switched it off" in the log must come from the hub.
      const recalled = kept.off.filter(({ part }) => part !== 'audit');
      const off = new Map(recalled.map(({ part, reason }) => [part, reason]));
      changed(obey(off, `The hub service has not answered yet. As of ${asOf} the hub's policy`));
    }
  };
  const watch = new PolicyWatch({
    ...{ tickets, image, clock, log },
    requestsChanged: () => options.requestsChanged?.(),
    client: new HubClient(serviceUrl, wallMs, outgoing, POLL_MS),
    random: Math.random,
    wanted,
    said: off => {
      const wasOld = saidAtMs !== null;
      hasAnswered = true;
      saidAtMs = null;
      const parts = obey(off, "The hub's policy");
      if (parts.length > 0 || wasOld) {
        changed(parts);
      }
    },
    answered: said => (said === null ? note?.confirmed() : note?.said(said))
  });
  return {
    tickets,
    get saidAtMs() {
      return saidAtMs;
    },
    start() {
      watch.start();
      recall().catch((error: unknown) => log(`The hub's last policy is not known: ${reasonOf(error)}`));
    },
    health: () => ({ ...watch.health(), saidAtMs }),
    settled: () => note?.settled() ?? Promise.resolve(),
    dispose: () => watch.dispose()
  };
}
