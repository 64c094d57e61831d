import { HUB_PATHS, HUB_PROTOCOLS, type TicketAnswer } from '@labkeeper/protocol';
import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import type { Metrics } from '../metrics.js';
import { Refusal } from '../refusal.js';
import type { TicketOffice } from './ticket-office.js';

export interface ITicketRoutesParts {
  readonly office: TicketOffice;
  readonly metrics: Metrics;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Which hub's token it is; an older companion does not say. */
const TicketQuery = v.strictObject({ hub: v.optional(v.pipe(v.string(), v.maxLength(64))) });

/** POST ticket. */
export function ticketRoutes(fastify: FastifyInstance, { office, metrics, nowMs }: ITicketRoutesParts): void {
  fastify.post(HUB_PATHS.ticket, async (request): Promise<TicketAnswer> => {
    try {
      const query = v.safeParse(TicketQuery, request.query);
      if (!query.success) {
        throw new Refusal(400, 'malformed', 'Only ?hub= with the name of a hub is understood.');
      }
      const { ticket, expiresAtMs, groupsLeftOut } = await office.exchange(
        request.headers.authorization,
        query.output.hub
      );
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
