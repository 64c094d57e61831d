import type { RequestDeed } from '@labkeeper/core';
import type {
  EvidenceSection,
  RequestKind,
  RequestState,
  RequestSubmit,
  RequestSummary,
  ThreadMessage
} from '@labkeeper/protocol';
import type { ISpeaker } from './log-writer.js';
import type { IRequestActTable } from './request-tables.js';

/** A request in a list. */
export interface IRequestRow extends RequestSummary {
  readonly hub: string;
  /** null = erased. */
  readonly user: string | null;
  readonly groups: readonly string[];
}

/** Something that was done with it. */
export interface IRequestAct {
  readonly version: number;
  readonly atMs: number;
  readonly kind: IRequestActTable['kind'];
  readonly side: IRequestActTable['side'];
  /** '' = nobody, its time had come. */
  readonly by: string;
  readonly words: string | null;
  /** Index of its record in the log; null = it has none, not yet, or no more, or it was not looked for: `find` alone does. */
  readonly index: number | null;
}

/** A request with its whole story. */
export interface IRequestWhole extends IRequestRow {
  readonly evidence: readonly EvidenceSection[];
  /** The oldest first. */
  readonly thread: readonly ThreadMessage[];
  readonly acts: readonly IRequestAct[];
  /** Decided requests about the same, the newest first. */
  readonly similar: readonly IRequestRow[];
}

/** What is looked for; a member that is left out is not asked for. */
export interface IRequestFilter {
  readonly hub?: string;
  readonly user?: string;
  readonly kind?: RequestKind;
  readonly state?: RequestState;
  /** What its id begins with: eight digits or more, with dashes as ids have them. */
  readonly number?: string;
  /** Of people in one of these groups; null = of all. */
  readonly groups: readonly string[] | null;
}

/** Where a page of the inbox ends. Open ones come first, the newest first among each. */
export interface IRequestPlace {
  readonly isOpen: boolean;
  readonly createdAtMs: number;
  readonly id: string;
}

/** Who does something with a request. */
export interface IRequestActor {
  readonly side: IRequestActTable['side'];
  /** '' = nobody. */
  readonly by: string;
  /** Reason or message; null = none. */
  readonly words: string | null;
  /** Of a message; null = it is none. */
  readonly messageId: string | null;
}

export type Submitted =
  /** Also where it was sent before. */
  | { readonly kind: 'made'; readonly request: IRequestWhole }
  /** Somebody else has a request of this id. */
  | { readonly kind: 'taken' }
  /** The person has as many open ones as she may. */
  | { readonly kind: 'too-many' }
  /** The person has made as many in the last day as she may. */
  | { readonly kind: 'too-many-today' };

export type Done =
  /** Also where a message was sent before. */
  | { readonly kind: 'done'; readonly request: IRequestWhole }
  /** It is another version by now, or not in a state for it; nothing was changed. */
  | { readonly kind: 'changed'; readonly request: IRequestWhole }
  /** Its thread is full. */
  | { readonly kind: 'full' }
  /** There is no such request, or who asked was erased. */
  | { readonly kind: 'unknown' };

/** Requests. Every change is durable when its promise resolves, and is done once, by one who saw the request as it was. */
export interface IRequests {
  submit(speaker: ISpeaker, asked: RequestSubmit): Promise<Submitted>;
  /** @param seen - the version that was seen; null = whichever it is, for what is said. */
  act(id: string, seen: number | null, deed: RequestDeed, actor: IRequestActor): Promise<Done>;
  /** null = there is none. */
  find(id: string): Promise<IRequestWhole | null>;
  /** Of one person, the newest first. */
  own(
    of: Pick<ISpeaker, 'hub' | 'user'>,
    before: IRequestPlace | null,
    limit: number
  ): Promise<readonly IRequestRow[]>;
  /** Open ones first, then the newest. */
  list(filter: IRequestFilter, after: IRequestPlace | null, limit: number): Promise<readonly IRequestRow[]>;
  /** Those whose time has come lapse or expire. @returns how many. */
  lapse(): Promise<number>;
  /** Who has requests that changed after `change`, and when in the count of changes. */
  changedAfter(
    change: number
  ): Promise<readonly { readonly hub: string; readonly user: string; readonly change: number }[]>;
}
