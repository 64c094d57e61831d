import type { RequestKind, RequestState } from '@labkeeper/protocol';

/** A request nobody decides about lapses after so long, in ms: two weeks. */
export const LAPSE_MS = 14 * 86_400_000;

/** How a request stands. */
export interface IRequestStanding {
  readonly kind: RequestKind;
  readonly state: RequestState;
  /** Grows by one with every deed: whoever does something says which version she has seen. */
  readonly version: number;
  /** When it lapses undecided, epoch ms; null = never. */
  readonly lapsesAtMs: number | null;
  /** Until when it is in force, epoch ms; null = it is not, or without an end. */
  readonly untilMs: number | null;
}

/** What can be done with a request. */
export type RequestDeed =
  | { readonly kind: 'approve' | 'deny' | 'withdraw' | 'lapse' | 'expire' | 'revoke' | 'supersede' | 'say' }
  /** What was approved is in force now. @see IRequestStanding.untilMs */
  | { readonly kind: 'activate'; readonly untilMs: number | null };

export type RequestDeedKind = RequestDeed['kind'];

/** From which states each deed may be done. */
const FROM: Readonly<Record<RequestDeedKind, readonly RequestState[]>> = {
  approve: ['requested'],
  deny: ['requested'],
  withdraw: ['requested'],
  lapse: ['requested'],
  activate: ['approved'],
  expire: ['active'],
  revoke: ['approved', 'active'],
  supersede: ['approved', 'active'],
  // Nobody reads on where there is nothing left to say.
  say: ['requested', 'approved', 'denied', 'active']
};

/** Where each deed leads; what is said changes nothing but the version. */
const TO: Readonly<Record<Exclude<RequestDeedKind, 'say'>, RequestState>> = {
  approve: 'approved',
  deny: 'denied',
  withdraw: 'withdrawn',
  lapse: 'lapsed',
  activate: 'active',
  expire: 'expired',
  revoke: 'revoked',
  supersede: 'superseded'
};

/** Help is given or not: there is nothing that could be in force, or be taken away. */
const NEVER_FOR_HELP: readonly RequestDeedKind[] = ['activate', 'expire', 'revoke', 'supersede'];

/** How a new request stands. @param atMs - when it was made, epoch ms. */
export function newStanding(kind: RequestKind, atMs: number): IRequestStanding {
  return { kind, state: 'requested', version: 1, lapsesAtMs: atMs + LAPSE_MS, untilMs: null };
}

/**
 * How a request stands after a deed.
 *
 * @param seen - the version that whoever does it has seen: of two who decide at once, one has seen an old one.
 * @param atMs - now, epoch ms.
 * @returns null = it cannot be done: it is another version by now, or not in a state for it.
 */
export function afterDeed(
  standing: IRequestStanding,
  seen: number,
  deed: RequestDeed,
  atMs: number
): IRequestStanding | null {
  const { kind, state, version } = standing;
  if (
    seen !== version ||
    !FROM[deed.kind].includes(state) ||
    (kind === 'help' && NEVER_FOR_HELP.includes(deed.kind)) ||
    !isInTime(standing, deed, atMs)
  ) {
    return null;
  }
  if (deed.kind === 'say') {
    return { ...standing, version: version + 1 };
  }
  return {
    kind,
    state: TO[deed.kind],
    version: version + 1,
    lapsesAtMs: null,
    untilMs: deed.kind === 'activate' ? deed.untilMs : null
  };
}

/** Whether a request is to lapse, or what it gave to expire, by now. */
export function overdue(
  { state, lapsesAtMs, untilMs }: IRequestStanding,
  atMs: number
): 'lapse' | 'expire' | null {
  if (state === 'requested' && lapsesAtMs !== null && atMs >= lapsesAtMs) {
    return 'lapse';
  }
  return state === 'active' && untilMs !== null && atMs >= untilMs ? 'expire' : null;
}

function isInTime(standing: IRequestStanding, deed: RequestDeed, atMs: number): boolean {
  switch (deed.kind) {
    case 'lapse':
    case 'expire':
      return overdue(standing, atMs) === deed.kind;
    case 'approve':
    case 'deny':
      // What has lapsed is lapsed, also where nobody has written that down yet.
      return overdue(standing, atMs) === null;
    case 'activate':
      return deed.untilMs === null || deed.untilMs > atMs;
    default:
      return true;
  }
}
