import { randomUUID } from 'node:crypto';
import type { Death } from '@labkeeper/protocol';
import type { IAuditEnvironment } from '../audit/audit-environment.js';
import { HubClient } from '../audit/hub-client.js';
import type { HubTickets } from '../audit/hub-tickets.js';
import type { IClock } from '../clock.js';
import type { Log } from '../log.js';
import type { OutgoingLedger } from '../outgoing/outgoing-ledger.js';
import { EventQueue } from './event-queue.js';
import { EventSender } from './event-sender.js';
import { EventSpool, type IEventSpoolOptions } from './event-spool.js';
import { ServerEvents } from './server-events.js';
import { TallyNote } from './tally-note.js';

/** At the end, what is left to send has so long, ms. */
const LAST_MS = 500;

export interface IReportEventsOptions {
  readonly environment: IAuditEnvironment | null;
  /** Tickets of the service, once there are any; null = there is none. */
  readonly tickets: () => HubTickets | null;
  /** Where what waits is kept; null = nowhere. */
  readonly spool: Pick<IEventSpoolOptions, 'folder' | 'serverId' | 'serverLives'> | null;
  readonly boot: string;
  readonly clock: IClock;
  readonly log: Log;
  /** What leaves is told here. */
  readonly outgoing: OutgoingLedger;
  readonly deaths: () => readonly Death[];
  readonly unsentRecords: () => number;
}

/** Events with their way to the hub. */
export interface IReportedEvents {
  readonly events: ServerEvents;
  start(): void;
  /** Sends what is there, for half a second at most; what is left waits for the next start. Never resolves, where the home hangs. */
  close(): Promise<void>;
}

/** Makes events, and sends them where there is a service. */
export function reportEvents(options: IReportEventsOptions): IReportedEvents {
  const { environment, boot, clock, log } = options;
  const serviceUrl = environment?.serviceUrl ?? null;
  const image = environment?.image ?? null;
  const queue = new EventQueue(boot, image, () => clock.wallMs());
  const countedBoot = randomUUID();
  const spool = options.spool
    ? new EventSpool({ ...options.spool, queue, boot, countedBoot, image, clock, log })
    : null;
  let sender: EventSender | null = null;
  /** Resolves when there is nothing more to send now. */
  const send = (): Promise<void> => {
    spool?.noted();
    // Events of an earlier run wait until the hub has said whether it takes any.
    return (events.isWanted === true ? sender?.send() : null) ?? Promise.resolve();
  };
  const summed = async (): Promise<void> => {
    await send();
    await note?.settle();
  };
  const events: ServerEvents = new ServerEvents({
    ...options,
    queue,
    added: () => void send(),
    ...(options.spool && { sum: counted => note?.sum(counted) }),
    summed: () => void summed(),
    noErrors: () => void note?.forgetErrors()
  });
  const note = options.spool
    ? new TallyNote({
        ...{ ...options.spool, boot: countedBoot, queue, image, clock, log },
        counted: () => events.counted()
      })
    : null;
  return {
    events,
    start() {
      const tickets = options.tickets();
      if (serviceUrl !== null && tickets !== null) {
        const client = new HubClient(serviceUrl, () => clock.wallMs(), options.outgoing);
        sender = new EventSender({ client, tickets, queue, clock, log, random: Math.random });
        events.start();
        void spool?.start().then(() => {
          events.obey();
          void send();
          note?.start();
        });
      }
    },
    async close() {
      note?.dispose();
      events.sum();
      events.dispose();
      if (sender !== null) {
        // At once: nobody knows how much time is left for the sending.
        const written = Promise.all([spool?.write(), note?.settle()]);
        if (events.isWanted === true) {
          await within(clock, sender.send());
        }
        sender.dispose();
        await written;
      }
      await note?.close();
      await spool?.close();
    }
  };
}

function within(clock: IClock, sent: Promise<void>): Promise<void> {
  return new Promise(resolve => {
    const timer = clock.after(LAST_MS, resolve);
    void sent.then(() => {
      timer.dispose();
      resolve();
    });
  });
}
