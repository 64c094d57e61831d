import { Refusal } from '../refusal.js';
import { HubDesk, type IHubDeskOptions, type ITicketHub } from './hub-desk.js';
import type { IMintedTicket, ITicketHolder } from './ticket.js';

/** The first hub, and what all share. */
export interface ITicketOfficeOptions extends IHubDeskOptions {
  /** A hub beside the first, as it is now; undefined = it is not trusted, or no longer. */
  readonly further?: (id: string) => ITicketHub | undefined;
  /**
   * Whether this service, any of its replicas, was told of several hubs, rightly or not. If not, the one that there is answers
   * whatever its servers call it, as it did before servers named any.
   */
  readonly isOneOfSeveral?: () => boolean;
}

/** Exchanges a server's token of JupyterHub for a ticket, and looks at tickets. Each hub's are looked at by its own desk. */
export class TicketOffice {
  constructor(private readonly options: ITicketOfficeOptions) {
    this.first = new HubDesk(options);
  }

  /**
   * Only the hub that is named is asked about the token.
   *
   * @param authorization - the header as it came.
   * @param hub - as the server's environment calls its hub; without it the first one is meant.
   * @throws Refusal
   */
  async exchange(authorization: string | undefined, hub?: string): Promise<IMintedTicket> {
    const { isOneOfSeveral = () => false } = this.options;
    const desk = hub === undefined || !isOneOfSeveral() ? this.first : this.deskOf(hub);
    if (desk === undefined) {
      throw new Refusal(
        403,
        'not-a-server',
        'This service does not know a hub of the name in LABKEEPER_HUB_ID, or its file of hubs has a mistake.'
      );
    }
    return desk.exchange(authorization);
  }

  /**
   * Whom a request's ticket stands for, as far as is known without asking; `admit` is for requests that companions send.
   *
   * @param authorization - the header as it came.
   * @throws Refusal
   */
  holder(authorization: string | undefined): ITicketHolder {
    return this.seen(authorization).holder;
  }

  /** The same, after JupyterHub was asked about the token where its last word is too old. @throws Refusal */
  async admit(authorization: string | undefined): Promise<ITicketHolder> {
    const { holder, desk } = this.seen(authorization);
    if (!(await desk.isGood(holder))) {
      throw noTicket();
    }
    return holder;
  }

  /** @throws Refusal */
  private seen(authorization: string | undefined): {
    readonly holder: ITicketHolder;
    readonly desk: HubDesk;
  } {
    const ticket = /^bearer ([\w.-]+)$/i.exec(authorization ?? '')?.[1];
    const holder = ticket === undefined ? null : this.options.tickets.check(ticket);
    // A hub that is trusted no longer has no desk.
    const desk = holder === null ? undefined : this.deskOf(holder.hub);
    if (holder === null || desk === undefined || desk.isOver(holder)) {
      throw noTicket();
    }
    return { holder, desk };
  }

  /** A hub that is told otherwise gets a desk of its own, and one that is trusted no longer has none. */
  private deskOf(id: string): HubDesk | undefined {
    const { tickets, monotonicMs, further } = this.options;
    if (id === this.options.id) {
      return this.first;
    }
    const hub = further?.(id);
    const kept = this.desks.get(id);
    if (hub === undefined || kept?.hub === hub) {
      return hub && kept?.desk;
    }
    const desk = new HubDesk({ ...hub, tickets, monotonicMs });
    this.desks.set(id, { hub, desk });
    return desk;
  }

  private readonly first: HubDesk;
  private readonly desks = new Map<string, { readonly hub: ITicketHub; readonly desk: HubDesk }>();
}

function noTicket(): Refusal {
  return new Refusal(401, 'ticket', 'There is no ticket with this request, or it is no longer good.');
}
