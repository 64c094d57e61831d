import type { EventsWanted, SwitchablePart } from '@labkeeper/protocol';
import type { IAuditEnvironment } from '../audit/audit-environment.js';
import { HubClient } from '../audit/hub-client.js';
import { HubTickets } from '../audit/hub-tickets.js';
import type { IClock, IDisposable } from '../clock.js';
import type { Log } from '../log.js';
import type { OutgoingLedger } from '../outgoing/outgoing-ledger.js';
import type { PartSwitches } from './part-switches.js';
import { POLL_MS, PolicyWatch, type IPolicyHealth } from './policy-watch.js';

export interface IWatchPolicyOptions {
  readonly environment: IAuditEnvironment;
  readonly switches: PartSwitches;
  readonly clock: IClock;
  readonly log: Log;
  /** Where it is noted what leaves this container. */
  readonly outgoing: OutgoingLedger;
  /** These parts went off or came on. */
  readonly changed: (parts: readonly SwitchablePart[]) => void;
  /** A request of this user has changed. */
  readonly requestsChanged?: () => void;
  /** Which events the hub takes. */
  readonly wanted: (events: EventsWanted) => void;
}

/** The watch over the hub's policy, with the tickets that whoever else speaks with the hub shares. */
export interface IWatchedPolicy extends IDisposable {
  readonly tickets: HubTickets;
  start(): void;
  health(): IPolicyHealth;
}

/** Keeps the switches as the hub's policy says. @returns null = there is no service. */
export function watchPolicy(options: IWatchPolicyOptions): IWatchedPolicy | null {
  const { environment, switches, clock, log, outgoing, changed, wanted } = options;
  const { serviceUrl, token, hub, image } = environment;
  if (serviceUrl === null) {
    return null;
  }
  const wallMs = (): number => clock.wallMs();
  const tickets = new HubTickets({ client: new HubClient(serviceUrl, wallMs, outgoing), token, hub, clock });
  const watch = new PolicyWatch({
    ...{ tickets, image, clock, log },
    requestsChanged: () => options.requestsChanged?.(),
    client: new HubClient(serviceUrl, wallMs, outgoing, POLL_MS),
    random: Math.random,
    wanted,
    said: off => {
      const parts = switches.set(new Set(off.keys()));
      for (const part of parts) {
        const reason = off.get(part);
        log(
          reason === undefined
            ? `The hub's policy switched ${part} on.`
            : `The hub's policy switched ${part} off: ${reason}`
        );
      }
      if (parts.length > 0) {
        changed(parts);
      }
    }
  });
  return {
    tickets,
    start: () => watch.start(),
    health: () => watch.health(),
    dispose: () => watch.dispose()
  };
}
