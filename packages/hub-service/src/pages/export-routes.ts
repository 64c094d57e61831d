import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ADDRESS_LENGTH } from '../people/next-path.js';
import { sendRefusal } from './answers.js';
import type { ExportDesk } from './export-desk.js';
import { comesFromElsewhere, type Gate, opensPage } from './gate.js';
import type { IVisitor } from './reading.js';
import { Refusal } from './refusal.js';

/** How long JupyterHub's word about somebody counts while she takes the log away, in ms. */
const TRUST_MS = 10_000;

export interface IExportRoutesOptions {
  readonly desk: ExportDesk;
  readonly gate: Gate;
}

/** What a reader of the log takes away: the view that she sees, as a file with its proof or for other tools. */
export class ExportRoutes {
  constructor(private readonly options: IExportRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    fastify.get('/export', { exposeHeadRoute: false }, (request, reply) => this.answer(request, reply));
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { desk, gate } = this.options;
    const session = await gate.guest(request);
    // A link on somebody else's page is nobody's wish to take the log away.
    const isAsked = opensPage(request) && !comesFromElsewhere(request);
    if (session === null || !isAsked || request.url.length > ADDRESS_LENGTH) {
      throw new Refusal(
        401,
        'Exports are opened from a page of the install log, by somebody who is signed in.',
        {
          link: { href: '/log', text: 'Go to the install log' }
        }
      );
    }
    try {
      const again = async (): Promise<IVisitor> => {
        const now = await gate.guest(request, TRUST_MS);
        if (now === null) {
          throw new Refusal(401, 'Nobody is signed in here, or no longer.');
        }
        return gate.reader(now);
      };
      return await desk.send(request, reply, { visitor: gate.reader(session), again }, request.query);
    } catch (error) {
      if (error instanceof Refusal) {
        return sendRefusal(request, reply, error, session);
      }
      throw error;
    }
  }
}
