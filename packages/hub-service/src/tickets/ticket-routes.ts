import { HUB_PATHS, HUB_PROTOCOLS, type TicketAnswer } from '@labkeeper/protocol';
import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.js';
import { Refusal } from '../refusal.js';
import type { TicketOffice } from './ticket-office.js';

export interface ITicketRoutesParts {
  readonly office: TicketOffice;
  readonly metrics: Metrics;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** POST ticket. */
export function ticketRoutes(fastify: FastifyInstance, { office, metrics, nowMs }: ITicketRoutesParts): void {
  fastify.post(HUB_PATHS.ticket, async (request): Promise<TicketAnswer> => {
    try {
      const { ticket, expiresAtMs, groupsLeftOut } = await office.exchange(request.headers.authorization);
      if (groupsLeftOut > 0) {
        request.log.warn({ groupsLeftOut }, 'A user is in more groups than a ticket holds.');
      }
      metrics.tickets.inc({ result: 'given' });
      return { ticket, expiresAtMs, protocols: [...HUB_PROTOCOLS], nowMs: nowMs() };
    } catch (error) {
      metrics.tickets.inc({ result: error instanceof Refusal ? error.code : 'failed' });
      throw error;
    }
  });
}
