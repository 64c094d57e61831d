import { createElement } from 'react';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ICookieNames } from '../people/cookie-names.js';
import { HOME_PATH, nextPath } from '../people/next-path.js';
import { CALLBACK_PATTERN, type IPeopleHub, type PeopleHubs } from '../people/people-hubs.js';
import { LOGIN_MS, SESSION_MS, type SignIn } from '../people/sign-in.js';
import { sendNotice, sendPage } from './answers.js';
import type { Gate } from './gate.js';
import { ChooseHubPage } from './view/choose-hub-page.js';

export interface ISignInRoutesOptions {
  readonly hubs: PeopleHubs;
  readonly signIn: SignIn;
  readonly gate: Gate;
  readonly names: ICookieNames;
  readonly secure: boolean;
}

/** Begun sign-ins that one browser keeps at once; more are left-overs. All of them fit into one request's headers. */
const LOGIN_COOKIES = 4;
/** How OAuth names its errors (RFC 6749, 4.1.2.1). */
const OAUTH_ERROR = /^[a-z_]{1,40}$/;

/** Signing in and out. */
export class SignInRoutes {
  constructor(private readonly options: ISignInRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    const { gate, hubs } = this.options;
    // Not in the log of requests: their addresses hold secrets. Not for HEAD: each state is good once.
    const quiet = { exposeHeadRoute: false, logLevel: 'warn' } as const;
    fastify.get('/login', quiet, (request, reply) =>
      this.depart(request, reply, param(request, 'next'), param(request, 'hub'))
    );
    fastify.get('/oauth_callback', quiet, (request, reply) => this.arrive(request, reply, hubs.first));
    fastify.get(CALLBACK_PATTERN, quiet, (request, reply) => {
      const { params } = request;
      const id = typeof params === 'object' && params !== null && 'hub' in params ? params.hub : null;
      // The first one has an address without its name, and no other.
      const hub = hubs.further.find(({ settings }) => settings.hub === id);
      if (hub === undefined) {
        reply.callNotFound();
        return reply;
      }
      return this.arrive(request, reply, hub);
    });
    fastify.post('/logout', async (request, reply) => {
      // Out is out, whether JupyterHub answers or not.
      await gate.sender(request, Infinity);
      await gate.forget(request, reply);
      return reply.redirect('/signed-out', 303);
    });
    fastify.get('/signed-out', (request, reply) =>
      sendNotice(request, reply, 200, 'You are signed out of Labkeeper.', {
        title: 'Signed out',
        todo: 'You may still be signed in at JupyterHub; sign out there too if others use this browser.',
        link: { href: '/login', text: 'Sign in again' }
      })
    );
  }

  /** Sends the browser to JupyterHub, to come back to `next`. Where there are several hubs, one is chosen first. */
  depart(
    request: FastifyRequest,
    reply: FastifyReply,
    next: unknown,
    named: string | null = null
  ): FastifyReply {
    const { signIn, names, secure, hubs } = this.options;
    const hub = hubs.isSeveral ? named !== null && hubs.get(named) : hubs.first;
    if (!hub) {
      return this.choose(reply, next);
    }
    const left = this.loginCookies(request);
    if (left.length >= LOGIN_COOKIES) {
      this.clear(reply, left);
    }
    const { name, browser, location } = signIn.depart(hub, next);
    void reply.setCookie(`${names.login}${name}`, browser, {
      ...attributes(secure),
      maxAge: LOGIN_MS / 1000
    });
    return reply.redirect(location, 302);
  }

  private choose(reply: FastifyReply, next: unknown): FastifyReply {
    const choices = this.options.hubs.all.map(({ settings: { hub: id, hubUrl, origin } }) => ({
      ...{ id, hubUrl },
      href: `/login?hub=${encodeURIComponent(id)}&next=${encodeURIComponent(nextPath(next, origin))}`
    }));
    const body = createElement(ChooseHubPage, { hubs: choices });
    return sendPage(reply, { title: 'Sign in', tab: null, body }, null);
  }

  private async arrive(request: FastifyRequest, reply: FastifyReply, hub: IPeopleHub): Promise<FastifyReply> {
    const { signIn, gate, names, secure } = this.options;
    const state = param(request, 'state') ?? '';
    const code = param(request, 'code');
    const arrival = await signIn.arrive(hub, state, code, name => request.cookies[`${names.login}${name}`]);
    if (arrival.kind === 'in') {
      this.clear(reply, this.loginCookies(request));
      // The session before it, if there is one, is nobody's any more.
      await gate.forget(request, reply);
      void reply.setCookie(names.session, arrival.sessionId, {
        ...attributes(secure),
        maxAge: SESSION_MS / 1000
      });
      return reply.redirect(arrival.next, 302);
    }
    if (arrival.kind === 'stale') {
      // Somebody went back in her history.
      if ((await gate.guest(request)) !== null) {
        return reply.redirect(HOME_PATH, 302);
      }
      return sendNotice(
        request,
        reply,
        400,
        'This sign-in took too long, was used before, or began in another browser.',
        {
          link: { href: '/login', text: 'Sign in' }
        }
      );
    }
    const error = param(request, 'error');
    const said = error !== null && OAUTH_ERROR.test(error) ? ` (${error})` : '';
    return sendNotice(request, reply, 403, `JupyterHub did not let you in${said}.`, {
      todo: 'If you should be let in, ask an administrator of JupyterHub for access to the Labkeeper service.',
      link: { href: '/login', text: 'Try again' }
    });
  }

  private loginCookies(request: FastifyRequest): readonly string[] {
    return Object.keys(request.cookies).filter(name => name.startsWith(this.options.names.login));
  }

  private clear(reply: FastifyReply, names: readonly string[]): void {
    for (const name of names) {
      void reply.clearCookie(name, attributes(this.options.secure));
    }
  }
}

const attributes = (secure: boolean) => ({ path: '/', httpOnly: true, sameSite: 'lax', secure }) as const;

/** A parameter that stands once in the address; null = it does not. */
function param(request: FastifyRequest, name: string): string | null {
  const query = new Map<string, unknown>(Object.entries(request.query ?? {}));
  const value = query.get(name);
  return typeof value === 'string' && value !== '' && value.length <= 4096 ? value : null;
}
