import type { FastifyReply, FastifyRequest } from 'fastify';
import { approveRight } from '../people/approve-right.js';
import { AUDIT_SCOPE, auditRight } from '../people/audit-right.js';
import { ADMIN_SCOPE, isAdmin } from '../people/admin-right.js';
import type { ICookieNames } from '../people/cookie-names.js';
import { sameSecret } from '../people/secrets.js';
import type { SessionCheck } from '../people/session-check.js';
import type { IHubPerson } from '../people/hub-identity.js';
import type { ISession } from '../people/session-store.js';
import type { IVisitor } from './reading.js';
import { Refusal } from './refusal.js';

/** Who comes, and whether she may. */
export class Gate {
  constructor(
    private readonly check: SessionCheck,
    private readonly names: ICookieNames,
    private readonly origin: string
  ) {}

  /** The session of a request; null = none. */
  guest(request: FastifyRequest, trustMs?: number): Promise<ISession | null> {
    return this.check.find(request.cookies[this.names.session], trustMs);
  }

  /** Who may read the log. @throws Refusal */
  reader(session: ISession): IVisitor {
    const right = auditRight(session.person);
    if (right === null) {
      throw new Refusal(
        403,
        `You are signed in, but you may not read the install log: ${AUDIT_SCOPE} is missing.`,
        {
          todo: 'Ask an administrator of JupyterHub for a role with that scope, then sign in again.',
          link: approveRight(session.person)
            ? { href: '/requests', text: 'Go to the requests' }
            : { href: '/login?next=%2Flog', text: 'Sign in again' }
        }
      );
    }
    return { person: session.person, right };
  }

  /** Who may set holds, erase, and have things sent again. @param what - is refused, such as “Erasure is”. @throws Refusal */
  admin({ person }: ISession, what = 'Holds and erasure are'): IHubPerson {
    if (!isAdmin(person)) {
      throw new Refusal(403, `${what} for administrators: ${ADMIN_SCOPE} is missing.`, {
        link: { href: '/log', text: 'Go to the install log' }
      });
    }
    return person;
  }

  /**
   * The session of a form that was sent. The form's own token must be there: a page of another host can send a form, but
   * cannot know it.
   *
   * @param trustMs - as in `SessionCheck.find`: 0 for all that changes more than the session itself.
   * @throws Refusal
   */
  async sender(request: FastifyRequest, trustMs = 0): Promise<ISession> {
    const { origin } = request.headers;
    const session = await this.guest(request, trustMs);
    if (session === null) {
      throw new Refusal(401, 'Your session has ended, so nothing was changed.', {
        link: { href: '/login', text: 'Sign in' }
      });
    }
    const { body } = request;
    const token = typeof body === 'object' && body !== null && 'form' in body ? body.form : undefined;
    // Browsers say `null` where they hide it; that is as good as nothing said, and the token decides.
    const foreign = origin !== undefined && origin !== 'null' && origin !== this.origin;
    if (foreign || typeof token !== 'string' || !sameSecret(token, session.formToken)) {
      throw new Refusal(403, 'This form was not sent from a page of this session, so nothing was changed.', {
        link: { href: '/log', text: 'Go to the install log' }
      });
    }
    return session;
  }

  forget(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    void reply.clearCookie(this.names.session, { path: '/' });
    return this.check.end(request.cookies[this.names.session]);
  }
}

/** Whether the browser says that a page of another host made it ask. */
export function comesFromElsewhere(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** Whether another host's page asks without opening ours: by a script, or for a picture or a frame. */
export function isForeign(request: FastifyRequest): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': target } = request.headers;
  return comesFromElsewhere(request) && !(mode === 'navigate' && target === 'document');
}

/** Whether a browser opens a page with this request; scripts, pictures and frames get no pages and no sign-in. */
export function opensPage(request: FastifyRequest): boolean {
  const mode = request.headers['sec-fetch-mode'];
  const target = request.headers['sec-fetch-dest'];
  return (
    request.method === 'GET' &&
    (mode === undefined || mode === 'navigate') &&
    (target === undefined || target === 'document')
  );
}
