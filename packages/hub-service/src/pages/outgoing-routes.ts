import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IAgain } from '../outgoing/message-queue.js';
import { sendRefusal } from './answers.js';
import { FormFields } from './form-fields.js';
import type { Gate } from './gate.js';
import { Refusal } from './refusal.js';
import type { SendAgain } from './send-again.js';

export interface IOutgoingRoutesOptions {
  readonly sendAgain: SendAgain;
  readonly gate: Gate;
}

const NAME_LENGTH = 256;
const BACK = { href: '/status#outgoing', text: 'Back to the status' };

/** Sending again what was given up, for administrators. */
export class OutgoingRoutes {
  constructor(private readonly options: IOutgoingRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    fastify.post('/outgoing/again', (request, reply) => this.again(request, reply));
  }

  private async again(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { gate, sendAgain } = this.options;
    const session = await gate.sender(request);
    try {
      const person = gate.admin(session, 'Sending again is');
      await sendAgain(person, whichOf(new FormFields(request.body, BACK)));
      return reply.redirect(BACK.href, 303);
    } catch (error) {
      if (error instanceof Refusal) {
        return sendRefusal(request, reply, error, session);
      }
      throw error;
    }
  }
}

function whichOf(form: FormFields): IAgain {
  const target = form.text('target', NAME_LENGTH);
  if (target !== null) {
    return { target };
  }
  const message = form.text('message', 15) ?? '';
  if (!/^\d{1,15}$/.test(message)) {
    throw new Refusal(400, 'The form names no message, so nothing is sent again.', { link: BACK });
  }
  return { message: Number(message) };
}
