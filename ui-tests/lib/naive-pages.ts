// An approval page as one would write it, on the hub's own host: what the attacks succeed against.
import { randomUUID } from 'node:crypto';

/** What came, as far as this page looks at it. */
export interface INaiveRequest {
  readonly method: string;
  /** Path below the page's prefix. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly cookies: ReadonlyMap<string, string>;
  readonly form: URLSearchParams;
}

export interface INaiveAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const NAIVE_PREFIX = '/services/naive/';

/**
 * It is not careless: its session cookie is HttpOnly, SameSite=Strict and only for its path, and what approves wants a
 * token that is bound to the session. Its sign-in has no state, its sign-out no token, and one way to approve compares
 * the form with a cookie.
 */
export class NaivePages {
  /** Who approved, as the page believes. */
  readonly approved: string[] = [];
  readonly signedOut: string[] = [];
  /** Who opened the page, as the page believes. */
  readonly opened: string[] = [];

  answer({ method, path, query, cookies, form }: INaiveRequest): INaiveAnswer {
    const session = this.sessions.get(cookies.get('naive-session') ?? '');
    if (path === 'sign-in') {
      return this.signIn(query.get('user') ?? '', query.get('next') ?? NAIVE_PREFIX);
    }
    if (path === 'callback') {
      return this.signIn(query.get('code') ?? '', NAIVE_PREFIX);
    }
    if (session === undefined) {
      return { status: 403, headers: {}, body: 'Nobody is signed in.' };
    }
    if (method === 'GET') {
      this.opened.push(session.user);
      return {
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: `<p>Signed in as ${session.user}: naive-secret</p>
          <form method="post" action="${NAIVE_PREFIX}approve"><input name="form" value="${session.token}"></form>`
      };
    }
    const isDouble = form.has('csrf') && form.get('csrf') === cookies.get('naive-csrf');
    if (path === 'sign-out') {
      this.signedOut.push(session.user);
    } else if (path === 'approve' && form.get('form') === session.token) {
      this.approved.push(session.user);
    } else if (path === 'approve-by-cookie' && isDouble) {
      this.approved.push(`${session.user} by cookie`);
    } else {
      return { status: 403, headers: {}, body: 'This form is not ours.' };
    }
    return { status: 200, headers: {}, body: 'Done.' };
  }

  private signIn(user: string, next: string): INaiveAnswer {
    const id = randomUUID();
    this.sessions.set(id, { user, token: randomUUID() });
    const cookie = `naive-session=${id}; HttpOnly; SameSite=Strict; Path=${NAIVE_PREFIX}`;
    return { status: 302, headers: { location: next, 'set-cookie': cookie }, body: '' };
  }

  private readonly sessions = new Map<string, { readonly user: string; readonly token: string }>();
}
