import { createElement } from 'react';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ISession } from '../people/session-store.js';
import type { IActor, ILegal, ILegalAct } from '../store/legal.js';
import { type IPage, sendNotice, sendRefusal } from './answers.js';
import { FormFields } from './form-fields.js';
import type { Gate } from './gate.js';
import type { LogRoutes } from './log-routes.js';
import { read, type Reading } from './reading.js';
import { Refusal } from './refusal.js';
import { refuseUnknownFields } from './unknown-fields.js';
import { HoldsPage } from './view/holds-page.js';

export interface ILegalRoutesOptions {
  readonly legal: ILegal;
  readonly reading: Reading;
  readonly gate: Gate;
  readonly logRoutes: LogRoutes;
}

/** Acts that are shown, the newest. */
const ACTS = 500;
const NAME_LENGTH = 256;
const REASON_LENGTH = 1024;
const BACK = { href: '/holds', text: 'Back to holds' };

type Act = (
  session: ISession,
  form: FormFields,
  request: FastifyRequest,
  reply: FastifyReply
) => Promise<FastifyReply>;

/** Legal holds and the erasure of persons, for administrators. */
export class LegalRoutes {
  constructor(private readonly options: ILegalRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    const { logRoutes } = this.options;
    logRoutes.sessionPage(fastify, '/holds', (session, request) => {
      refuseUnknownFields(request.query, '/holds');
      return this.page(session);
    });
    const act = (path: string, does: Act): void => {
      fastify.post(path, (request, reply) => this.answer(request, reply, does));
    };
    act('/holds/set', (...told) => this.hold(...told));
    act('/holds/lift', (...told) => this.lift(...told));
    act('/holds/erase', (...told) => this.erase(...told));
  }

  private async page(session: ISession): Promise<IPage> {
    const { legal, gate, reading } = this.options;
    const person = gate.admin(session);
    await reading.looking({ person }, 'holds', '/holds');
    const hub = reading.scopeOf(person);
    const [holds, acts] = await read(() => Promise.all([legal.holds(hub), legal.acts(ACTS, hub)]));
    const { formToken } = session;
    return {
      title: 'Holds and erasure',
      tab: 'holds',
      body: createElement(HoldsPage, { holds, acts, formToken })
    };
  }

  /** Only who may at this moment, from a form of ours. */
  private async answer(request: FastifyRequest, reply: FastifyReply, act: Act): Promise<FastifyReply> {
    const { gate } = this.options;
    const session = await gate.sender(request);
    try {
      gate.admin(session);
      return await act(session, new FormFields(request.body, BACK), request, reply);
    } catch (error) {
      if (error instanceof Refusal) {
        return sendRefusal(request, reply, error, session);
      }
      throw error;
    }
  }

  private async hold(
    session: ISession,
    form: FormFields,
    _request: FastifyRequest,
    reply: FastifyReply
  ): Promise<FastifyReply> {
    const user = form.text('user', NAME_LENGTH);
    const caseName = form.text('case', NAME_LENGTH);
    const actor = this.actor(session, form);
    if (user === null && caseName === null) {
      throw new Refusal(400, 'A hold is on a person, a case, or both: name one, so nothing was changed.', {
        link: BACK
      });
    }
    if (!(await change(() => this.options.legal.hold(actor, user, caseName)))) {
      throw unknown(user ?? '');
    }
    return reply.redirect('/holds', 303);
  }

  private async lift(
    session: ISession,
    form: FormFields,
    _request: FastifyRequest,
    reply: FastifyReply
  ): Promise<FastifyReply> {
    const hold = form.text('hold', 15) ?? '';
    const actor = this.actor(session, form);
    const isLifted =
      /^\d{1,9}$/.test(hold) && (await change(() => this.options.legal.lift(actor, Number(hold))));
    if (!isLifted) {
      throw new Refusal(409, 'This hold is not on any more, so nothing was changed.', { link: BACK });
    }
    return reply.redirect('/holds', 303);
  }

  private async erase(
    session: ISession,
    form: FormFields,
    request: FastifyRequest,
    reply: FastifyReply
  ): Promise<FastifyReply> {
    const user = form.text('user', NAME_LENGTH);
    const actor = this.actor(session, form);
    if (user === null || form.text('confirm', NAME_LENGTH) !== user) {
      throw new Refusal(400, 'The name was not typed twice alike, so nobody was erased.', { link: BACK });
    }
    const erased = await change(() => this.options.legal.erase(actor, user));
    switch (erased.kind) {
      case 'unknown':
        throw unknown(user);
      case 'held':
        throw new Refusal(409, `Nobody was erased, because ${holdWords(erased.hold)} is on.`, { link: BACK });
      case 'erased':
        return sendNotice(
          request,
          reply,
          200,
          `The name, the servers' names, the key and the personal parts of this person are deleted; the log's lines call the person ${erased.person}.`,
          { title: 'Erased', link: BACK, session }
        );
    }
  }

  private actor({ person }: ISession, form: FormFields): IActor {
    const reason = form.text('reason', REASON_LENGTH);
    if (reason === null) {
      throw new Refusal(400, 'Say why: it stays on record. Nothing was changed.', { link: BACK });
    }
    return { hub: person.hub, by: person.name, reason };
  }
}

function unknown(user: string): Refusal {
  return new Refusal(404, `The log knows nobody called ${user} at this hub, so nothing was changed.`, {
    link: BACK
  });
}

function holdWords({ id, person, caseName }: ILegalAct): string {
  const what = caseName === null ? '' : ` for the case ${caseName}`;
  return `hold ${id}${what}, ${person === null ? 'on everybody' : 'on this person'},`;
}

/** Changes the database. @throws Refusal where it does not take it: then nothing was changed. */
async function change<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (cause) {
    throw new Refusal(
      503,
      'It is not certain that this was done, because the database did not answer as it should.',
      {
        todo: 'Look at the list of acts: what is in it was done.',
        link: BACK,
        cause
      }
    );
  }
}
