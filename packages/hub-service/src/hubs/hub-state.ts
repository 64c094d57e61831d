import { READ_EVERY_MS, type IReadingState } from '../tickets/running-servers.js';

/** How it stands with one hub. */
export interface IHubState {
  /** null = the file does not say it rightly. */
  readonly id: string | null;
  readonly kind: 'connected' | 'waiting' | 'lagging' | 'misconfigured';
  /** When it last said which servers run, epoch ms; null = never. */
  readonly heardAtMs: number | null;
  /** What is wrong, and what to do; null = nothing. */
  readonly trouble: { readonly sentence: string; readonly todo: string } | null;
  /** Whether it is the file of hubs that is wrong: then the sentence names paths of the service's machine. */
  readonly isOfFile?: true;
}

/** As people of that hub see it: whose machine the service runs on is another's business. */
export function shownThere(state: IHubState): IHubState {
  return state.isOfFile
    ? {
        ...state,
        trouble: {
          sentence: "The service's file of hubs has a mistake about this hub.",
          todo: 'Tell its administrator.'
        }
      }
    : state;
}

/** After so long without an answer a hub lags, in ms. */
const LATE_MS = 4 * READ_EVERY_MS;

/** @param reading - of its running servers; null = nobody reads it. */
export function hubState(id: string, reading: IReadingState | null, nowMs: number): IHubState {
  const heardAtMs = reading?.readAtMs ?? null;
  const of = (kind: IHubState['kind'], sentence: string, todo: string): IHubState => ({
    ...{ id, kind, heardAtMs },
    trouble: { sentence, todo }
  });
  if (reading?.trouble && reading.isRefused) {
    return of(
      'misconfigured',
      `The hub ${id} does not let the service in: ${reading.trouble}`,
      "See that the token in the file of hubs is the service's at that hub, and that its configuration ends with labkeeper.hub.configure."
    );
  }
  if (reading?.trouble) {
    return of(
      'lagging',
      `The hub ${id} does not answer: ${reading.trouble}`,
      'See that it runs, and that its API can be reached from here. Its servers keep their records meanwhile; other hubs go on.'
    );
  }
  if (heardAtMs === null) {
    return { id, kind: 'waiting', heardAtMs, trouble: null };
  }
  return nowMs - heardAtMs > LATE_MS
    ? of(
        'lagging',
        `The hub ${id} takes long to say which servers run.`,
        'Who is stopped or removed there is refused late. See what keeps that hub busy.'
      )
    : { id, kind: 'connected', heardAtMs, trouble: null };
}
