import { createElement } from 'react';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ADDRESS_LENGTH, nextPath } from '../people/next-path.js';
import type { IOutgoingState } from '../outgoing/outgoing-state.js';
import { shownThere, type IHubState } from '../hubs/hub-state.js';
import type { PeopleHubs } from '../people/people-hubs.js';
import { isAdmin } from '../people/admin-right.js';
import type { IPeopleSettings } from '../people/people-settings.js';
import { policyWithScript } from '../people/security-headers.js';
import type { ISession } from '../people/session-store.js';
import type { ReadersOf } from '../people/support-right.js';
import type { ILogReader, ILogStory } from '../store/log-reader.js';
import type { IEventRow, IServerEventReader } from '../store/server-events.js';
import type { ShownRetention } from '../store/shown-retention.js';
import { type IPage, sendNotice, sendPage, sendRefusal } from './answers.js';
import { type Gate, opensPage } from './gate.js';
import { LIVE_FIELDS, LIVE_SECONDS, liveAddress, readLive } from './live-view.js';
import { FOLLOW_PATH, NEWS_PATH } from './follow-script.js';
import { logAddress, newsAddress, readLogQuery } from './log-query.js';
import { type IVisitor, read as readLog, type Reading } from './reading.js';
import { RECEIPT_FIELD, readReceiptQuery, receiptAddress } from './receipt-query.js';
import { headOf } from './record-head.js';
import { Refusal } from './refusal.js';
import type { ISavedView, ISavedViews } from './saved-views.js';
import { anchorAdvice, type IShownAnchors, withoutPlace } from './anchor-state.js';
import { CLASS_NAMES, retentionAdvice } from './retention-state.js';
import type { IShownPartitions } from '../partitions/partition-keeper.js';
import { outgoingAdvice } from './outgoing-advice.js';
import { partitionAdvice } from './partition-advice.js';
import { adviceFor, type IAdvice } from './service-state.js';
import type { SignInRoutes } from './sign-in-routes.js';
import { tellStory } from './story.js';
import { refuseUnknownFields } from './unknown-fields.js';
import { LogPage } from './view/log-page.js';
import { LooksPage } from './view/looks-page.js';
import { StatusPage } from './view/status-page.js';
import { StoryPage } from './view/story-page.js';
import { visibleLine } from './visible-text.js';
import { dayWord } from './words.js';

export interface ILogRoutesOptions {
  readonly hubs: PeopleHubs;
  /** How it stands with the hubs, the first one first; null = nobody says it. */
  readonly hubStates: (() => readonly IHubState[]) | null;
  /** Who of other hubs may read a hub's log now; absent = nobody. */
  readonly readersOf?: ReadersOf;
  /** Whether what is shown can be taken away as a file. */
  readonly canExport: boolean;
  readonly settings: IPeopleSettings;
  readonly reader: ILogReader;
  readonly reading: Reading;
  readonly gate: Gate;
  readonly signInRoutes: SignInRoutes;
  /** Where saved views are kept; null = there are none. */
  readonly views: ISavedViews | null;
  /** What is wrong with the policy file; null = nothing. */
  readonly policyTrouble: () => string | null;
  /** What else an administrator should know now; absent = nothing. */
  readonly advice?: () => Promise<readonly IAdvice[]>;
  /** How it stands with what goes out; absent = nothing does. */
  readonly outgoing?: () => Promise<IOutgoingState>;
  /** How the deletion of what is older than its time stands; absent = the status does not tell. */
  readonly retention?: ShownRetention;
  /** Whether administrators can have messages sent again. */
  readonly canSendAgain: boolean;
  /** Deaths of a record's person; without it none are shown beside it. */
  readonly events?: IServerEventReader | undefined;
  /** null = the status does not tell of anchors. */
  readonly anchors: IShownAnchors | null;
  /** How the months of the log stand, or null; absent = the status does not tell. */
  readonly partitions?: () => Promise<IShownPartitions | null>;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** A receipt names a record that is not there, or that somebody may not read: she is not told which. */
const NOWHERE =
  'The log has no record of this number, or you may not read it. The receipt is mistyped, of another hub or another service, or of somebody whose records you may not read.';
const NO_END =
  'No stream that you may read ends with this digest. A digest alone finds only the newest receipt of each server: type it with the number before it, as JupyterLab shows it, such as 1204-8c1f04aa. A receipt without a number, from an earlier Labkeeper, is checked with its file: labkeeper verify --receipt.';
/** Events beside a record, at most. */
const EVENTS = 10;

type Make<Who> = (who: Who, request: FastifyRequest) => Promise<IPage>;

/** The pages that only readers of the log see. */
export class LogRoutes {
  constructor(private readonly options: ILogRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    const page = (path: string, make: Make<IVisitor>): void => this.page(fastify, path, make);
    this.sessionPage(fastify, '/log', (session, request) => this.log(session, request));
    page('/log/:index', (visitor, request) => this.story(visitor, request));
    page('/receipt', (visitor, request) => this.receipt(visitor, request));
    page('/looks', (visitor, request) => {
      refuseUnknownFields(request.query, '/looks');
      return this.looks(visitor);
    });
    this.sessionPage(fastify, '/status', session => this.status(session));
  }

  /** A page for readers of the log. */
  page(fastify: FastifyInstance, path: string, make: Make<IVisitor>): void {
    this.sessionPage(fastify, path, (session, request) => make(this.options.gate.reader(session), request));
  }

  /** A page for whoever has signed in; `make` says whether she may. */
  sessionPage(fastify: FastifyInstance, path: string, make: Make<ISession>): void {
    fastify.get(path, (request, reply) => this.answer(request, reply, make));
  }

  private async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    make: Make<ISession>
  ): Promise<FastifyReply> {
    const { gate } = this.options;
    if (request.url.length > ADDRESS_LENGTH) {
      throw new Refusal(414, `This address is longer than ${ADDRESS_LENGTH} characters.`);
    }
    const session = await gate.guest(request);
    if (session === null) {
      return this.signIn(request, reply);
    }
    try {
      return sendPage(reply, await make(session, request), session);
    } catch (error) {
      if (error instanceof Refusal) {
        return sendRefusal(request, reply, error, session);
      }
      throw error;
    }
  }

  /** Nobody has signed in, or no longer. */
  private signIn(request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> {
    const { settings, signInRoutes } = this.options;
    if (!opensPage(request)) {
      throw new Refusal(401, 'Nobody is signed in here, or no longer.');
    }
    const { referer } = request.headers;
    if (referer === undefined || !referer.startsWith(`${settings.origin}/`)) {
      return signInRoutes.depart(request, reply, request.url);
    }
    // Perhaps a form was sent, and browsers let no form end at another host (form-action); a page may go on by itself.
    const href = `/login?next=${encodeURIComponent(nextPath(request.url, settings.origin))}`;
    return sendNotice(
      request,
      reply,
      401,
      'Your session has ended; you are taken to JupyterHub to sign in again.',
      {
        link: { href, text: 'Sign in' },
        onward: href
      }
    );
  }

  private async log(session: ISession, request: FastifyRequest): Promise<IPage> {
    const { reading, gate, views, canExport } = this.options;
    const visitor = gate.reader(session);
    const read = readLogQuery(request.query, LIVE_FIELDS);
    const group = reading.groupOf(visitor, read.filter.group);
    // What a right is limited to stands in the form, in links and on record as if it had been asked for.
    const query = group === null ? read : { ...read, fields: { ...read.fields, group } };
    const asked = query.problems.length === 0;
    const address = logAddress(query.fields, query.after);
    const page = asked ? await reading.list(visitor, query.filter, query.after, address) : null;
    const owner = { hub: visitor.person.hub, owner: visitor.person.name };
    const groups = visitor.right.kind === 'groups' ? visitor.right.groups : null;
    // The pages after the first never change.
    const { settings } = this.options;
    const live = asked && query.after === null ? readLive(request.query) : null;
    const newest = page?.rows[0]?.index ?? live?.since ?? null;
    return {
      title: 'Install log',
      tab: 'log',
      body: createElement(LogPage, {
        ...{ query, page, groups, canExport, live, hubs: reading.hubsOf(visitor) },
        newsAddress: newsAddress(NEWS_PATH, query.fields),
        saved: views && {
          views: await this.views(visitor, () => views.list(owner)),
          reader: visitor.person.name,
          mayShare: groups === null,
          formToken: session.formToken
        }
      }),
      status: asked ? 200 : 400,
      refresh:
        live && live.left > 0
          ? { seconds: LIVE_SECONDS, address: liveAddress(address, live.left - 1, newest) }
          : null,
      script:
        live && live.left > 0
          ? {
              path: FOLLOW_PATH,
              policy: policyWithScript(settings.origin + FOLLOW_PATH, settings.origin + NEWS_PATH)
            }
          : null
    };
  }

  /** Views that a right does not reach are not told: their addresses name people. */
  private async views(
    visitor: IVisitor,
    list: () => Promise<readonly ISavedView[]>
  ): Promise<readonly ISavedView[]> {
    const { person, right } = visitor;
    const hubs = this.options.reading.hubsOf(visitor);
    const isReached = ({ address }: ISavedView): boolean => {
      const hub = new URLSearchParams(address.split('?', 2)[1]).get('hub');
      return right.kind === 'all' && (hub === null || hubs.includes(hub));
    };
    const views = await readLog(list);
    return views.filter(view => view.owner === person.name || isReached(view));
  }

  private async story(visitor: IVisitor, request: FastifyRequest): Promise<IPage> {
    const { params } = request;
    const text =
      typeof params === 'object' && params !== null && 'index' in params ? String(params.index) : '';
    // Fifteen digits are exact in a number.
    const index = /^\d{1,15}$/.test(text) ? Number(text) : null;
    const story = index === null ? null : await this.options.reading.story(visitor, index);
    if (story === null) {
      throw await this.noRecord(index, 'There is no such record, or you may not read it.');
    }
    return this.storyPage(visitor, story);
  }

  /** The record that a receipt vouches for. */
  private async receipt(visitor: IVisitor, request: FastifyRequest): Promise<IPage> {
    refuseUnknownFields(request.query, '/log', [RECEIPT_FIELD]);
    const { reading } = this.options;
    const asked = readReceiptQuery(request.query);
    const address = receiptAddress(asked);
    switch (asked.kind) {
      case 'record': {
        const story = await reading.story(visitor, asked.index);
        if (story === null) {
          throw await this.noRecord(asked.index, 'There is no such record, or you may not read it.');
        }
        return this.storyPage(visitor, story);
      }
      case 'receipt': {
        const { place, short } = asked;
        const story = await reading.story(visitor, place.index, address);
        if (story === null) {
          throw await this.noRecord(place.index, NOWHERE);
        }
        if (headOf(story.entry)?.startsWith(place.head) !== true) {
          throw new Refusal(
            409,
            `This receipt is for another record than the log has under ${place.index}: it is mistyped, or of another service’s log, or this log is not what it was when the receipt was given.`,
            {
              todo: 'Compare it with the one in JupyterLab. If it is the same, have an auditor check an export with the receipt’s file: labkeeper verify --receipt.',
              link: { href: `/log/${place.index}`, text: `Read record ${place.index}` }
            }
          );
        }
        return this.storyPage(visitor, story, short);
      }
      case 'digest': {
        const { head } = asked;
        for (const index of await reading.streamEnds(visitor, head, address)) {
          const story = await reading.story(visitor, index, address);
          if (story !== null && headOf(story.entry)?.startsWith(head) === true) {
            return this.storyPage(visitor, story, head);
          }
        }
        throw await this.noRecord(null, NO_END);
      }
      case 'none':
        throw await this.noRecord(
          null,
          'Type a receipt such as 1204-8c1f04aa, or the number of a record.',
          400
        );
    }
  }

  private async storyPage(visitor: IVisitor, story: ILogStory, receipt?: string): Promise<IPage> {
    const { settings, reading } = this.options;
    const told = tellStory(story, settings.origin, reading.fieldOf(visitor, story.row.hub));
    // What the service did is about nobody's kernels.
    const events = told.act ? null : await this.eventsOf(visitor, story);
    return {
      title: `#${story.row.index} ${visibleLine(told.headline)}`,
      tab: 'log',
      body: createElement(StoryPage, { told, events, ...(receipt !== undefined && { receipt }) })
    };
  }

  /** @param index - null = no number was named. @param what - is said where retention did not delete it. */
  private async noRecord(index: number | null, what: string, status = 404): Promise<Refusal> {
    const deleted = index === null ? null : await this.options.retention?.deletion(index);
    const sentence = deleted
      ? `Record ${index} was deleted on ${dayWord(deleted.atMs)}: its time was over (${CLASS_NAMES[deleted.class]}, ${deleted.rule}).`
      : what;
    return new Refusal(status, sentence, { link: { href: '/log', text: 'Go to the install log' } });
  }

  /** null = there are none to show: she is erased, or nobody keeps them. */
  private async eventsOf({ right }: IVisitor, { row }: ILogStory): Promise<readonly IEventRow[] | null> {
    const { events } = this.options;
    const { user } = row;
    const groups = right.kind === 'groups' ? right.groups : null;
    return events && user !== null ? readLog(() => events.ofPerson(row.hub, user, groups, EVENTS)) : null;
  }

  private async looks(visitor: IVisitor): Promise<IPage> {
    const looks = await this.options.reading.looks(visitor);
    return { title: 'Looks', tab: 'looks', body: createElement(LooksPage, { looks }) };
  }

  private async status(session: ISession): Promise<IPage> {
    const { right } = this.options.gate.reader(session);
    const { person } = session;
    const { reader, reading, hubs, nowMs } = this.options;
    const { anchors: held } = this.options;
    const { hub } = person;
    // What concerns the service as a whole is shown to people of the first hub, whose it is.
    const isFirst = hub === hubs.first.settings.hub;
    const { settings } = hubs.get(hub) ?? hubs.first;
    const known = this.options.hubStates?.() ?? [];
    // Other hubs, and where the service's files lie, are nothing for who reads of one group's people.
    const isWhole = isFirst && right.kind === 'all';
    // Nor is where it sends to, how that goes, and what is done with all records.
    const isService = isWhole || (isFirst && isAdmin(person));
    const shown = isWhole ? known : known.filter(({ id }) => id === hub).map(shownThere);
    const states = known.length > 1 ? shown : null;
    let status;
    let outgoing;
    let anchors;
    let retention;
    let months: IShownPartitions | null;
    try {
      status = await reader.status(reading.scopeOf(person));
      outgoing = isService ? ((await this.options.outgoing?.()) ?? null) : null;
      anchors = held && (await held.read()).map(anchor => (isService ? anchor : withoutPlace(anchor)));
      retention = isService ? ((await this.options.retention?.read()) ?? null) : null;
      months = isService ? ((await this.options.partitions?.()) ?? null) : null;
    } catch (cause) {
      throw new Refusal(
        503,
        'The state of the log cannot be read: the database does not answer as it should.',
        {
          cause
        }
      );
    }
    const advice = [
      // It names files of the service's machine.
      ...(isFirst && isAdmin(person) ? ((await this.options.advice?.()) ?? []) : []),
      ...(retention ? retentionAdvice(retention, nowMs()) : []),
      ...(held && anchors ? anchorAdvice(anchors, held, nowMs()) : []),
      ...(states ?? []).flatMap(({ trouble }) => trouble ?? []),
      ...(outgoing ? outgoingAdvice(outgoing) : []),
      ...(months ? partitionAdvice(months) : []),
      ...adviceFor(status, settings, nowMs(), isWhole ? this.options.policyTrouble() : null)
    ];
    return {
      title: 'Status',
      tab: 'status',
      body: createElement(StatusPage, {
        ...{ status, settings, advice, anchors, months, outgoing, retention },
        hubs: states,
        isOneHub: reading.scopeOf(person) !== null,
        readers: this.options.readersOf?.(hub) ?? [],
        nowMs: nowMs(),
        formToken: isFirst && this.options.canSendAgain && isAdmin(person) ? session.formToken : null
      })
    };
  }
}
