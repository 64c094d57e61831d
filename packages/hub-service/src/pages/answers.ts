import { createElement, type ReactElement } from 'react';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isAdmin } from '../people/admin-right.js';
import type { ISession } from '../people/session-store.js';
import { opensPage } from './gate.js';
import type { IRefusalDetails, Refusal } from './refusal.js';
import { renderPage } from './render-page.js';
import { NoticePage } from './view/notice-page.js';
import type { IShellProps, Tab } from './view/shell.js';

/** A page to be shown. */
export interface IPage {
  readonly title: string;
  readonly tab: Tab | null;
  readonly body: ReactElement;
  readonly status?: number;
  /** Where a browser without scripts looks again by itself, and after how many seconds. */
  readonly refresh?: { readonly seconds: number; readonly address: string } | null;
  /** Path of its script, and the policy that lets it run; without it the page has none. */
  readonly script?: { readonly path: string; readonly policy: string } | null;
}

/** Sends a page. */
export function sendPage(reply: FastifyReply, page: IPage, session: ISession | null): FastifyReply {
  if (page.script) {
    void reply.header('content-security-policy', page.script.policy);
  }
  return sendHtml(
    reply,
    page.status ?? 200,
    renderPage({
      title: page.title,
      tab: page.tab,
      who: whoOf(session),
      refresh: page.refresh ?? null,
      script: page.script?.path ?? null,
      children: page.body
    })
  );
}

export interface INoticeDetails extends Pick<IRefusalDetails, 'todo' | 'link'> {
  /** Without it the status gives one. */
  readonly title?: string;
  /** Where the browser goes by itself: a path of ours. */
  readonly onward?: string;
  /** Of whoever has signed in. */
  readonly session?: ISession | null;
}

/** Says in one sentence why there is no page: as a page to whoever opens one, as JSON to scripts. */
export function sendNotice(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  sentence: string,
  details: INoticeDetails = {}
): FastifyReply {
  const { todo, link, onward, title = titleOf(status), session = null } = details;
  if (!opensPage(request) && request.method !== 'POST') {
    return reply.code(status).send({ message: sentence, ...(todo !== undefined && { hint: todo }) });
  }
  const children = createElement(NoticePage, { title, sentence, todo, link });
  return sendHtml(reply, status, renderPage({ title, tab: null, who: whoOf(session), onward, children }));
}

/** Says why there is no page; the cause goes to the log of the service. */
export function sendRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, message, details }: Refusal,
  session: ISession | null
): FastifyReply {
  if (details.cause !== undefined) {
    request.log.error({ err: details.cause }, message);
  }
  if (status === 503) {
    void reply.header('retry-after', '10');
  }
  return sendNotice(request, reply, status, message, { ...details, session });
}

function whoOf(session: ISession | null): IShellProps['who'] {
  return (
    session && {
      name: session.person.name,
      at: session.at,
      formToken: session.formToken,
      isAdmin: isAdmin(session.person)
    }
  );
}

function sendHtml(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(html);
}

function titleOf(status: number): string {
  switch (status) {
    case 401:
      return 'Not signed in';
    case 403:
      return 'Not allowed';
    case 404:
      return 'Not found';
    case 429:
    case 503:
      return 'Not now';
    default:
      return 'That does not work';
  }
}
