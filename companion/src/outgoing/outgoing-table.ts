import { HUB_PATHS, REQUEST_PATHS, type OutgoingClass } from '@labkeeper/protocol';

/** How a class of message is told from others. */
export interface IOutgoingKind {
  readonly method: 'GET' | 'POST';
  /** Below the service's own prefix, without a query; `*` stands for one segment. */
  readonly path: string;
}

/**
 * Every message that leaves this container for the hub service. The client sends nothing that is not listed here, and the
 * page "What leaves this container" shows each of them: so none can be added that the researcher is not told of.
 */
export const OUTGOING: Readonly<Record<OutgoingClass, IOutgoingKind>> = {
  ticket: { method: 'POST', path: HUB_PATHS.ticket },
  'stream-head': { method: 'GET', path: HUB_PATHS.records },
  records: { method: 'POST', path: HUB_PATHS.records },
  receipt: { method: 'GET', path: HUB_PATHS.receipt },
  'own-records': { method: 'GET', path: HUB_PATHS.own },
  policy: { method: 'GET', path: HUB_PATHS.events },
  'server-events': { method: 'POST', path: HUB_PATHS.serverEvents },
  request: { method: 'POST', path: REQUEST_PATHS.requests },
  'own-requests': { method: 'GET', path: REQUEST_PATHS.requests },
  'request-story': { method: 'GET', path: REQUEST_PATHS.request('*') },
  'request-withdrawn': { method: 'POST', path: REQUEST_PATHS.withdraw('*') },
  'request-message': { method: 'POST', path: REQUEST_PATHS.messages('*') },
  feedback: { method: 'POST', path: REQUEST_PATHS.feedback }
};

/** The class of a message; null = there is no such class, and it must not be sent. @param path - with or without a query. */
export function outgoingClass(method: string, path: string): OutgoingClass | null {
  const segments = (path.split('?')[0] ?? '').split('/');
  return (
    CLASSES.find(what => OUTGOING[what].method === method && fits(OUTGOING[what].path, segments)) ?? null
  );
}

function fits(pattern: string, segments: readonly string[]): boolean {
  const wanted = pattern.split('/');
  return (
    wanted.length === segments.length &&
    wanted.every((part, at) => (part === '*' ? segments[at] !== '' : part === segments[at]))
  );
}

const isClass = (name: string): name is OutgoingClass => name in OUTGOING;
/** In the order of the table. */
export const CLASSES: readonly OutgoingClass[] = Object.keys(OUTGOING).filter(isClass);
