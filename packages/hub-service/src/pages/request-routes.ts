import { Uuid } from '@labkeeper/protocol';
import { createElement } from 'react';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import type { IHubPerson } from '../people/hub-identity.js';
import type { ISession } from '../people/session-store.js';
import type { StaffDesk } from '../requests/staff-desk.js';
import { type IPage, sendRefusal } from './answers.js';
import type { Gate } from './gate.js';
import type { LogRoutes } from './log-routes.js';
import { Refusal } from './refusal.js';
import { readRequestQuery, requestsAddress } from './request-query.js';
import { wantWords } from './request-words.js';
import { RequestPage } from './view/request-page.js';
import { RequestsPage } from './view/requests-page.js';
import { visibleLine } from './visible-text.js';

export interface IRequestPagesOptions {
  readonly desk: StaffDesk;
  readonly gate: Gate;
  readonly logRoutes: LogRoutes;
}

const Form = {
  form: v.string(),
  id: Uuid,
  version: v.pipe(v.string(), v.regex(/^\d{1,7}$/), v.transform(Number))
};
const DecideForm = v.object({ ...Form, decision: v.picklist(['approve', 'deny']), reason: v.string() });
const AnswerForm = v.object({ ...Form, text: v.string() });

/** The inbox of requests, for those who decide about them and those who read the log. */
export class RequestPages {
  constructor(private readonly options: IRequestPagesOptions) {}

  register(fastify: FastifyInstance): void {
    const { logRoutes, desk } = this.options;
    logRoutes.sessionPage(fastify, '/requests', (session, request) => this.inbox(session, request));
    logRoutes.sessionPage(fastify, '/requests/:id', (session, request) => this.story(session, request));
    fastify.post('/requests/decide', (request, reply) =>
      this.change(request, reply, DecideForm, (person, { id, version, decision, reason }) =>
        desk.decide(person, id, version, decision, reason)
      )
    );
    fastify.post('/requests/answer', (request, reply) =>
      this.change(request, reply, AnswerForm, (person, { id, text }) => desk.answer(person, id, text))
    );
  }

  private async inbox({ person }: ISession, request: FastifyRequest): Promise<IPage> {
    const { desk } = this.options;
    const query = readRequestQuery(request.query);
    const groups = desk.groupsOf(person);
    const isAsked = query.problems.length === 0;
    const page = isAsked
      ? await desk.list(person, query.filter, query.after, requestsAddress(query.fields, query.after))
      : null;
    return {
      title: 'Requests',
      tab: 'requests',
      body: createElement(RequestsPage, { query, page, groups }),
      status: isAsked ? 200 : 400
    };
  }

  private async story({ person, formToken }: ISession, request: FastifyRequest): Promise<IPage> {
    const { desk } = this.options;
    const { params } = request;
    const id = v.safeParse(v.object({ id: Uuid }), params);
    if (!id.success) {
      throw new Refusal(404, 'There is no such request, or you may not see it.', {
        link: { href: '/requests', text: 'Go to the requests' }
      });
    }
    const found = await desk.story(person, id.output.id);
    return {
      title: visibleLine(wantWords(found.want)),
      tab: 'requests',
      body: createElement(RequestPage, {
        request: found,
        mayDecide: desk.mayDecide(person, found),
        mayReadLog: desk.mayReadLog(person, found),
        isOwn: found.hub === person.hub && found.user === person.name,
        formToken
      })
    };
  }

  /** Only who may at this moment, from a form of ours. */
  private async change<Shape extends v.GenericSchema<unknown, { id: string }>>(
    request: FastifyRequest,
    reply: FastifyReply,
    shape: Shape,
    does: (person: IHubPerson, form: v.InferOutput<Shape>) => Promise<unknown>
  ): Promise<FastifyReply> {
    const session = await this.options.gate.sender(request);
    try {
      const form = v.safeParse(shape, request.body);
      if (!form.success) {
        throw new Refusal(400, 'This form cannot be read, so nothing was changed.', {
          link: { href: '/requests', text: 'Go to the requests' }
        });
      }
      await does(session.person, form.output);
      return await reply.redirect(`/requests/${form.output.id}`, 303);
    } catch (error) {
      if (error instanceof Refusal) {
        return sendRefusal(request, reply, error, session);
      }
      throw error;
    }
  }
}
