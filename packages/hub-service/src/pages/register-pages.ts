import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import { adminApi, type ApiRoutes } from '../api/admin-api.js';
import { exportApi } from '../api/export-api.js';
import { logApi } from '../api/log-api.js';
import { outgoingApi } from '../api/outgoing-api.js';
import { ONE_HUB, type HubScope } from '../hubs/hub-scope.js';
import type { IHubState } from '../hubs/hub-state.js';
import { cookieNames } from '../people/cookie-names.js';
import type { IAgain } from '../outgoing/message-queue.js';
import type { IOutgoingState } from '../outgoing/outgoing-state.js';
import type { IHubIdentity } from '../people/hub-identity.js';
import { LoginSeal } from '../people/login-seal.js';
import { MemorySessionStore } from '../people/memory-session-store.js';
import { HOME_PATH } from '../people/next-path.js';
import { PeopleHubs, type IPeopleHub } from '../people/people-hubs.js';
import type { IPeopleSettings } from '../people/people-settings.js';
import type { IShownPartitions } from '../partitions/partition-keeper.js';
import type { RandomBytes } from '../people/secrets.js';
import { isOwnHost, SECURITY_HEADERS } from '../people/security-headers.js';
import { SessionCheck } from '../people/session-check.js';
import type { ISessionStore } from '../people/session-store.js';
import type { IRequestParts } from '../requests/request-routes.js';
import { StaffDesk } from '../requests/staff-desk.js';
import { requestApi } from '../api/request-api.js';
import { SignIn } from '../people/sign-in.js';
import { NO_REACH, type Reach, type ReadersOf } from '../people/support-right.js';
import type { HubTokens } from '../people/hub-tokens.js';
import type { IHolders } from '../store/holders.js';
import type { ILegal } from '../store/legal.js';
import type { ILogReader } from '../store/log-reader.js';
import type { IServerEventReader } from '../store/server-events.js';
import type { ShownRetention } from '../store/shown-retention.js';
import type { IShownAnchors } from './anchor-state.js';
import { sendNotice } from './answers.js';
import { DeathsRoutes } from './deaths-routes.js';
import { ExportDesk, type IExportedLog } from './export-desk.js';
import { ExportRoutes } from './export-routes.js';
import { FollowRoutes, type IFollowRoutesOptions } from './follow-routes.js';
import { Gate, isForeign } from './gate.js';
import { HoldersRoutes } from './holders-routes.js';
import { LegalRoutes } from './legal-routes.js';
import { LogRoutes } from './log-routes.js';
import { answerErrors, answerNotFound } from './odd-requests.js';
import { OutgoingRoutes } from './outgoing-routes.js';
import { Reading } from './reading.js';
import type { ISavedViews } from './saved-views.js';
import { RequestPages } from './request-routes.js';
import { sendAgain } from './send-again.js';
import type { IAdvice } from './service-state.js';
import { SignInRoutes } from './sign-in-routes.js';
import { STYLE_PATH, STYLE_TEXT } from './style-sheet.js';
import { VerdictsRoutes } from './verdicts-routes.js';
import { ViewRoutes } from './view-routes.js';

export interface IPagesOptions {
  readonly settings: IPeopleSettings;
  readonly reader: ILogReader;
  readonly identity: IHubIdentity;
  /** Hubs beside the first, whose are `settings` and `identity`, as they are now. */
  readonly further?: () => readonly IPeopleHub[];
  /** What people of a hub are limited to; without it the log is of one hub. */
  readonly scope?: HubScope;
  /** Which other hubs' logs somebody may read now; without it nobody reads one. */
  readonly reach?: Reach;
  /** Who of other hubs may read a hub's log now; without it nobody. */
  readonly readersOf?: ReadersOf;
  /** How it stands with the hubs; without it there is one. */
  readonly hubStates?: () => readonly IHubState[];
  /** Whether `reader` obeys `filter.group`; if not, rights that are limited to groups give nothing. */
  readonly groupsFiltered: boolean;
  readonly random: RandomBytes;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow; without it `nowMs`. */
  readonly monotonicMs?: () => number;
  /** What can be taken away as a file; without it nothing can. */
  readonly exports?: IExportedLog;
  /** Who has which package; without it no page says so. */
  readonly holders?: IHolders;
  /** Deaths and other events of servers; without it there are none. */
  readonly events?: IServerEventReader;
  /** Holds and erasure; without it there are none. */
  readonly legal?: ILegal;
  /** Requests; without it there are none. */
  readonly asked?: IRequestParts;
  /** What commands from elsewhere may do with a token; without it nothing. */
  readonly api?: { readonly tokens: HubTokens; readonly routes: readonly ApiRoutes[] };
  /** How it stands with what goes out to others. */
  readonly outgoing?: () => Promise<IOutgoingState>;
  /** Makes messages that were given up wait again, and says how many; without it none can be sent again. */
  readonly again?: (which: IAgain) => Promise<number>;
  /** What holds the digests outside the service; without it the status does not tell. */
  readonly anchors?: IShownAnchors;
  /** How the deletion of what is older than its time stands; without it nothing tells. */
  readonly retention?: ShownRetention;
  /** How the months of the log stand, or null; without it the status does not tell. */
  readonly partitions?: () => Promise<IShownPartitions | null>;
  /** Where sessions are kept; without it in this process's memory. */
  readonly store?: ISessionStore;
  /** What seals begun sign-ins, 32 bytes, the same for all replicas; without it this process alone opens them. */
  readonly signInKey?: Uint8Array;
  /** Where saved views are kept; without it none can be. */
  readonly views?: ISavedViews;
  /** How often new records are looked for; the usual unless given. */
  readonly looks?: IFollowRoutesOptions['looks'];
  /** What is wrong with the policy file; null = nothing. */
  readonly policyTrouble?: () => string | null;
  /** What else an administrator should know now; without it nothing. */
  readonly advice?: () => Promise<readonly IAdvice[]>;
}

/** All pages, for a Fastify of their own that listens on the pages' own host, and nowhere else. */
export async function registerPages(fastify: FastifyInstance, options: IPagesOptions): Promise<void> {
  const { settings, reader, identity, random, nowMs, store = new MemorySessionStore() } = options;
  const names = cookieNames(settings.secure);
  const seal = new LoginSeal(options.signInKey ?? random(32));
  const hubs = new PeopleHubs({ settings, identity }, options.further);
  const signIn = new SignIn({ store, seal, random, nowMs });
  const gate = new Gate(new SessionCheck({ hubs, store, nowMs }), names, settings.origin);
  const { groupsFiltered, monotonicMs = nowMs, scope = ONE_HUB, reach = NO_REACH } = options;
  const reading = new Reading({ reader, scope, reach, groupsFiltered, monotonicMs });
  const signInRoutes = new SignInRoutes({ hubs, signIn, gate, names, secure: settings.secure });

  // First of all: a refused request has the headers too, and no other host gets even an error page.
  fastify.addHook('onRequest', async (request, reply) => {
    void reply.headers(SECURITY_HEADERS);
    if (!isOwnHost(request.headers.host, settings)) {
      return sendNotice(request, reply, 421, `These pages are only at ${settings.origin}.`);
    }
    // It could read nothing, but each look would be on record in the name of whoever's browser it is.
    if (isForeign(request)) {
      return sendNotice(request, reply, 403, 'Only pages of this host may ask for that.');
    }
    return undefined;
  });
  await fastify.register(cookie);
  // Forms and nothing else: what is no form never reaches a handler.
  fastify.removeAllContentTypeParsers();
  await fastify.register(formbody);
  answerErrors(fastify);
  answerNotFound(fastify);

  fastify.get(STYLE_PATH, (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .type('text/css; charset=utf-8')
      .send(STYLE_TEXT)
  );
  fastify.get('/', (_request, reply) => reply.redirect(HOME_PATH, 302));
  signInRoutes.register(fastify);
  const canExport = options.exports !== undefined;
  const { events, anchors = null } = options;
  const logRoutes = new LogRoutes({
    ...{ canExport, settings, reader, reading, gate, signInRoutes, nowMs, anchors },
    views: options.views ?? null,
    policyTrouble: options.policyTrouble ?? (() => null),
    ...(options.advice && { advice: options.advice }),
    ...(options.outgoing && { outgoing: options.outgoing }),
    ...(options.retention && { retention: options.retention }),
    hubs,
    hubStates: options.hubStates ?? null,
    ...(options.readersOf && { readersOf: options.readersOf }),
    ...(options.partitions && { partitions: options.partitions }),
    canSendAgain: options.again !== undefined,
    events
  });
  logRoutes.register(fastify);
  const { looks } = options;
  new FollowRoutes({
    ...{ reader, reading, gate, random, nowMs, monotonicMs },
    ...(looks && { looks })
  }).register(fastify);
  if (options.views) {
    new ViewRoutes({ views: options.views, gate }).register(fastify);
  }
  if (options.holders) {
    const { retention } = options;
    new HoldersRoutes({ holders: options.holders, reading, logRoutes, nowMs, retention }).register(fastify);
  }
  if (options.asked) {
    const { feedback } = options.asked;
    new VerdictsRoutes({ feedback, reading, logRoutes }).register(fastify);
  }
  if (events) {
    new DeathsRoutes({ events, reading, logRoutes, nowMs }).register(fastify);
  }
  if (options.legal) {
    new LegalRoutes({ legal: options.legal, reading, gate, logRoutes }).register(fastify);
  }
  const ownRoutes: ApiRoutes[] = [logApi({ reading })];
  if (options.exports) {
    const desk = new ExportDesk({ log: options.exports, reading, nowMs, monotonicMs });
    new ExportRoutes({ desk, gate }).register(fastify);
    ownRoutes.push(exportApi(desk));
  }
  if (options.outgoing && options.again) {
    const again = sendAgain(reading, settings.hub, options.again);
    new OutgoingRoutes({ sendAgain: again, gate }).register(fastify);
    ownRoutes.push(outgoingApi(options.outgoing, again, settings.hub));
  }
  if (options.asked) {
    const desk = new StaffDesk({ asked: options.asked, reading });
    new RequestPages({ desk, gate, logRoutes }).register(fastify);
    ownRoutes.push(requestApi(desk));
  }
  if (options.api) {
    await adminApi(fastify, options.api.tokens, [...ownRoutes, ...options.api.routes]);
  }
}
