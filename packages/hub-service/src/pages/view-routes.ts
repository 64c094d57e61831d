import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ISession } from '../people/session-store.js';
import { sendRefusal } from './answers.js';
import { FormFields } from './form-fields.js';
import type { Gate } from './gate.js';
import { logAddress, readLogQuery } from './log-query.js';
import { read } from './reading.js';
import { Refusal } from './refusal.js';
import { type ISavedViews, VIEW_NAME, VIEWS } from './saved-views.js';

export interface IViewRoutesOptions {
  readonly views: ISavedViews;
  readonly gate: Gate;
}

type Change = (session: ISession, form: FormFields) => Promise<string>;

/** Characters of a query. */
const QUERY_LENGTH = 2048;

/** Saving views of the install log under a name. It changes nothing but the reader's own list. */
export class ViewRoutes {
  constructor(private readonly options: IViewRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    const change = (path: string, does: Change): void => {
      fastify.post(path, (request, reply) => this.answer(request, reply, does));
    };
    change('/views/save', (session, form) => this.save(session, form));
    change('/views/remove', (session, form) => this.remove(session, form));
  }

  private async answer(request: FastifyRequest, reply: FastifyReply, change: Change): Promise<FastifyReply> {
    const session = await this.options.gate.sender(request, undefined);
    try {
      return reply.redirect(await change(session, new FormFields(request.body)), 303);
    } catch (error) {
      if (error instanceof Refusal) {
        return sendRefusal(request, reply, error, session);
      }
      throw error;
    }
  }

  private async save(session: ISession, form: FormFields): Promise<string> {
    const { views, gate } = this.options;
    const visitor = gate.reader(session);
    const name = form.text('name', VIEW_NAME);
    // Read as the list reads it and written anew: what is kept is an address of ours, whatever was sent.
    const query = readLogQuery(
      Object.fromEntries(new URLSearchParams(form.text('query', QUERY_LENGTH) ?? ''))
    );
    const address = logAddress(query.fields);
    const back = { href: address, text: 'Back to the view' };
    if (name === null) {
      throw new Refusal(400, 'A view needs a name, so nothing was saved.', { link: back });
    }
    if (query.problems.length > 0) {
      throw new Refusal(400, `This view cannot be saved: ${query.problems.join(' ')}`, { link: back });
    }
    const isShared = form.text('shared', 8) !== null;
    if (isShared && visitor.right.kind !== 'all') {
      throw new Refusal(403, 'Only who may read all of the log can share a view, so nothing was saved.', {
        link: back
      });
    }
    const { hub, name: owner } = visitor.person;
    if (!(await read(() => views.save({ hub, owner }, { name, address, isShared })))) {
      throw new Refusal(409, `You have ${VIEWS} views, and that is the most. Remove one first.`, {
        link: back
      });
    }
    return address;
  }

  private async remove(session: ISession, form: FormFields): Promise<string> {
    const { views, gate } = this.options;
    const { hub, name } = gate.reader(session).person;
    const owner = { hub, owner: name };
    const id = form.text('view', 15) ?? '';
    if (!/^\d{1,9}$/.test(id) || !(await read(() => views.remove(owner, Number(id))))) {
      throw new Refusal(409, 'You have no such view any more, so nothing was changed.', {
        link: { href: '/log', text: 'Go to the install log' }
      });
    }
    return '/log';
  }
}
