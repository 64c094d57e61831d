import { randomUUID } from 'node:crypto';
import { isWithin, mayDecide, type ApproveRight } from '@labkeeper/core';
import { REQUEST_TEXT } from '@labkeeper/protocol';
import { PAGE_ROWS, read, type Reading } from '../pages/reading.js';
import { Refusal } from '../pages/refusal.js';
import { APPROVE_SCOPE, approveRight } from '../people/approve-right.js';
import { AUDIT_SCOPE, auditRight } from '../people/audit-right.js';
import type { IHubPerson } from '../people/hub-identity.js';
import type {
  Done,
  IRequestActor,
  IRequestFilter,
  IRequestPlace,
  IRequestRow,
  IRequestWhole
} from '../store/requests.js';
import { requestNumber } from './request-number.js';
import type { IRequestParts } from './request-routes.js';

/** A page of the inbox. */
export interface IInboxPage {
  readonly rows: readonly IRequestRow[];
  /** Where the next page begins; null = this is the last. */
  readonly next: IRequestPlace | null;
}

export type Decision = 'approve' | 'deny';

/** Characters of a whole id. */
const ID_LENGTH = 36;
/** Requests of the same begin that are named, at most. */
const NAMED = 5;

export interface IStaffDeskOptions {
  readonly asked: IRequestParts;
  readonly reading: Reading;
}

/**
 * Requests as one person may see them and decide about them, on pages and by commands alike. Who may decide sees what she
 * may decide about; who may read the log sees the requests of the same people. Every look is on record. All methods throw a
 * Refusal with a sentence for whoever asks.
 */
export class StaffDesk {
  constructor(private readonly options: IStaffDeskOptions) {}

  /** Groups whose people's requests somebody may see; null = everybody's. */
  groupsOf(person: IHubPerson): readonly string[] | null {
    const rights = [approveRight(person), auditRight(person)].filter(right => right !== null);
    if (rights.length === 0) {
      throw new Refusal(
        403,
        `You are signed in, but you may not see requests: ${APPROVE_SCOPE} and ${AUDIT_SCOPE} are missing.`,
        {
          todo: 'Ask an administrator of JupyterHub for a role with one of these scopes, then sign in again.',
          link: { href: '/login?next=%2Frequests', text: 'Sign in again' }
        }
      );
    }
    return rights.some(({ kind }) => kind === 'all')
      ? null
      : [...new Set(rights.flatMap(right => (right.kind === 'groups' ? right.groups : [])))].sort();
  }

  /** @param address - of the view, for the record. */
  async list(
    person: IHubPerson,
    filter: Omit<IRequestFilter, 'groups' | 'hub'>,
    after: IRequestPlace | null,
    address: string
  ): Promise<IInboxPage> {
    const groups = this.groupsOf(person);
    const { asked, reading } = this.options;
    await reading.looking({ person }, 'requests', address);
    const limits = this.limits(person, groups);
    const found = await read(() => asked.requests.list({ ...filter, ...limits }, after, PAGE_ROWS + 1));
    const rows = found.slice(0, PAGE_ROWS);
    const last = rows.at(-1);
    return {
      rows,
      next:
        found.length > PAGE_ROWS && last
          ? { isOpen: last.state === 'requested', createdAtMs: last.createdAtMs, id: last.id }
          : null
    };
  }

  /**
   * The id of the request that somebody means among those that she may see.
   *
   * @param typed - its id, or so much of its begin that there is one alone.
   * @throws Refusal - there is none, or there are several.
   */
  async named(person: IHubPerson, typed: string): Promise<string> {
    const name = requestNumber(typed);
    if (name === null) {
      throw new Refusal(400, 'A request is named by its id, or by the first 8 digits of it or more.');
    }
    if (name.length === ID_LENGTH) {
      return name;
    }
    const { reading } = this.options;
    const limits = this.limits(person, this.groupsOf(person));
    const found = await read(() => this.requests.list({ ...limits, number: name }, null, NAMED + 1));
    const [only] = found;
    if (only && found.length === 1) {
      // Nothing is told but of the one request, and that look is put on record where it is shown.
      return only.id;
    }
    await reading.looking({ person }, 'requests', `/requests/${name}`);
    if (!only) {
      throw unknown();
    }
    const ids = found.slice(0, NAMED).map(({ id }) => id);
    throw new Refusal(
      409,
      `Several requests begin with ${name}: ${ids.join(', ')}${found.length > NAMED ? ' and more' : ''}.`,
      { todo: 'Give more of the id.' }
    );
  }

  /** One request with its story, of which others' requests are only those that she may see. */
  async story(person: IHubPerson, id: string): Promise<IRequestWhole> {
    const right = this.rightOf(person);
    const { asked, reading } = this.options;
    await reading.looking({ person }, 'requests', `/requests/${id}`);
    return this.shown(person, right, await read(() => asked.requests.find(id)));
  }

  /** Whether somebody may decide about a request, and answer. */
  mayDecide(person: IHubPerson, request: IRequestRow): boolean {
    const hub = this.options.reading.scopeOf(person);
    return (hub === null || request.hub === hub) && mayDecide(approveRight(person), person, request);
  }

  /** Whether somebody may read what the log has of a request. */
  mayReadLog(person: IHubPerson, request: IRequestRow): boolean {
    const right = auditRight(person);
    const hub = this.options.reading.scopeOf(person);
    return right !== null && (hub === null || request.hub === hub) && isWithin(right, person.hub, request);
  }

  /** @param version - of the request that she has seen. @param person - as JupyterHub says at this moment. */
  async decide(
    person: IHubPerson,
    id: string,
    version: number,
    decision: Decision,
    reason: string
  ): Promise<IRequestWhole> {
    const actor = { words: this.words(reason), messageId: null };
    return this.act(person, id, actor, known => this.requests.act(id, version, { kind: decision }, known));
  }

  /** Says something in the thread. @param messageId - made by who says it: sending it again changes nothing. */
  async answer(
    person: IHubPerson,
    id: string,
    text: string,
    messageId: string = randomUUID()
  ): Promise<IRequestWhole> {
    const actor = { words: this.words(text), messageId };
    return this.act(person, id, actor, known => this.requests.act(id, null, { kind: 'say' }, known));
  }

  private get requests(): IRequestParts['requests'] {
    return this.options.asked.requests;
  }

  /** What limits a list to those that somebody may see. */
  private limits(
    person: IHubPerson,
    groups: readonly string[] | null
  ): Pick<IRequestFilter, 'groups' | 'hub'> {
    // A group is a group of her hub: another hub in the same database may have one of that name.
    const hub = groups === null ? this.options.reading.scopeOf(person) : person.hub;
    return { groups, ...(hub !== null && { hub }) };
  }

  private rightOf(person: IHubPerson): ApproveRight {
    const groups = this.groupsOf(person);
    return groups === null ? { kind: 'all' } : { kind: 'groups', groups };
  }

  /** A request as somebody of this right may see it. @throws Refusal where she may not. */
  private shown(person: IHubPerson, right: ApproveRight, found: IRequestWhole | null): IRequestWhole {
    const hub = this.options.reading.scopeOf(person);
    const isHers = (other: IRequestRow): boolean =>
      (hub === null || other.hub === hub) && isWithin(right, person.hub, other);
    if (found === null || !isHers(found)) {
      throw unknown();
    }
    return { ...found, similar: found.similar.filter(isHers) };
  }

  private words(text: string): string {
    const words = text.trim();
    if (words === '' || words.length > REQUEST_TEXT || words.includes('\0')) {
      throw new Refusal(400, `Say why, in at most ${REQUEST_TEXT} characters. Nothing was changed.`);
    }
    return words;
  }

  private async act(
    person: IHubPerson,
    id: string,
    { words, messageId }: Pick<IRequestActor, 'words' | 'messageId'>,
    does: (actor: IRequestActor) => Promise<Done>
  ): Promise<IRequestWhole> {
    const { asked, reading } = this.options;
    const { recorder, news } = asked;
    const right = this.rightOf(person);
    // The answer shows the request: that is a look too.
    await reading.looking({ person }, 'requests', `/requests/${id}`);
    const before = this.shown(person, right, await read(() => this.requests.find(id)));
    if (!this.mayDecide(person, before)) {
      throw new Refusal(
        403,
        before.user === person.name
          ? 'Nobody decides about a request of her own, or answers it here. Nothing was changed.'
          : `You may read this request, but ${APPROVE_SCOPE} is missing for this person. Nothing was changed.`
      );
    }
    const done = await read(() => does({ side: 'staff', by: person.name, words, messageId }));
    switch (done.kind) {
      case 'done':
        await recorder.flush();
        await news.look();
        // By now it is in the log, as a rule.
        return this.shown(person, right, await read(() => this.requests.find(id)));
      case 'changed':
        throw new Refusal(
          409,
          'Somebody else did something with this request meanwhile, so nothing was changed.',
          {
            todo: 'Read it as it is now, and decide again if it is still open.',
            link: { href: `/requests/${id}`, text: 'Read the request' }
          }
        );
      case 'full':
        throw new Refusal(409, 'The thread of this request is full. Nothing was changed.');
      case 'unknown':
        throw unknown();
    }
  }
}

function unknown(): Refusal {
  return new Refusal(404, 'There is no such request, or you may not see it.', {
    link: { href: '/requests', text: 'Go to the requests' }
  });
}
