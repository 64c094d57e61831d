import { pino } from 'pino';
import { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import { FakeHub } from '../people/fake-hub.test.data.js';
import type { IShownPartitions } from '../partitions/partition-keeper.js';
import { readPeopleSettings } from '../people/people-settings.js';
import type { ISessionStore } from '../people/session-store.js';
import { systemRandom } from '../people/secrets.js';
import type { HubScope } from '../hubs/hub-scope.js';
import type { Reach } from '../people/support-right.js';
import { HubTokens } from '../people/hub-tokens.js';
import type { TokenAccess } from '../people/token-access.js';
import type { IRequestParts } from '../requests/request-routes.js';
import type { IExportedLog } from './export-desk.js';
import type { IFollowRoutesOptions } from './follow-routes.js';
import { MemoryLog, START_MS } from './memory-log.test.data.js';
import type { IHolders } from '../store/holders.js';
import type { IServerEventReader } from '../store/server-events.js';
import type { ILegal } from '../store/legal.js';
import type { ILogReader } from '../store/log-reader.js';
import type { ShownRetention } from '../store/shown-retention.js';
import type { ISavedViews } from './saved-views.js';
import { pagesServer } from './pages-server.js';
import { type IPagesOptions, registerPages } from './register-pages.js';

/** Settings as the environment gives them. */
export function settingsOf(pagesUrl = 'http://127.0.0.2:8010') {
  const settings = readPeopleSettings({
    JUPYTERHUB_SERVICE_NAME: 'labkeeper',
    LABKEEPER_PAGES_URL: pagesUrl,
    LABKEEPER_HUB_PUBLIC_URL: 'http://127.0.0.1:8000/'
  });
  if (settings === null) {
    throw new Error('There are no pages.');
  }
  return settings;
}

/** Pages over a made-up hub and log, with a browser's cookies and a clock that tests step. */
export class Browser {
  readonly hub: FakeHub;
  readonly log = new MemoryLog();
  readonly cookies = new Map<string, string>();
  nowMs = START_MS + 3_600_000;

  private constructor(
    readonly fastify: FastifyInstance,
    /** Lines of the service's log. */
    readonly lines: readonly string[],
    pagesUrl: string | undefined,
    private readonly further: readonly FakeHub[]
  ) {
    this.hub = new FakeHub(settingsOf(pagesUrl));
  }

  static async open(
    options: {
      readonly pagesUrl?: string;
      readonly groupsFiltered?: boolean;
      readonly reader?: ILogReader;
      readonly exports?: IExportedLog;
      readonly holders?: IHolders;
      readonly events?: IServerEventReader;
      readonly legal?: ILegal;
      readonly retention?: ShownRetention;
      readonly store?: ISessionStore;
      readonly signInKey?: Uint8Array;
      readonly views?: ISavedViews;
      readonly asked?: IRequestParts;
      /** Hubs beside the first, and what their people are limited to. */
      readonly further?: readonly FakeHub[];
      readonly scope?: HubScope;
      readonly reach?: Reach;
      readonly hubStates?: IPagesOptions['hubStates'];
      readonly partitions?: () => Promise<IShownPartitions | null>;
      readonly outgoing?: {
        readonly state: NonNullable<IPagesOptions['outgoing']>;
        readonly again: NonNullable<IPagesOptions['again']>;
      };
      readonly looks?: IFollowRoutesOptions['looks'];
      readonly advice?: IPagesOptions['advice'];
      readonly anchors?: IPagesOptions['anchors'];
      /** Lets commands in. */
      readonly access?: (hub: FakeHub) => TokenAccess;
    } = {}
  ): Promise<Browser> {
    const lines: string[] = [];
    const fastify = pagesServer(pino({}, { write: line => void lines.push(line) }));
    const { access, further = [] } = options;
    const browser = new Browser(fastify, lines, options.pagesUrl, further);
    await registerPages(fastify, {
      settings: browser.hub.settings,
      reader: options.reader ?? browser.log,
      identity: browser.hub.identity(),
      groupsFiltered: options.groupsFiltered ?? true,
      random: systemRandom,
      nowMs: () => browser.nowMs,
      ...(options.exports && { exports: options.exports }),
      ...(options.holders && { holders: options.holders }),
      ...(options.legal && { legal: options.legal }),
      ...(options.retention && { retention: options.retention }),
      ...(options.store && { store: options.store }),
      ...(options.signInKey && { signInKey: options.signInKey }),
      ...(options.views && { views: options.views }),
      ...(options.events && { events: options.events }),
      ...(options.asked && { asked: options.asked }),
      ...(options.scope && { scope: options.scope }),
      ...(options.reach && { reach: options.reach }),
      ...(options.hubStates && { hubStates: options.hubStates }),
      further: () => further.map(hub => ({ settings: hub.settings, identity: hub.identity() })),
      ...(options.partitions && { partitions: options.partitions }),
      ...(options.outgoing && { outgoing: options.outgoing.state, again: options.outgoing.again }),
      ...(options.looks && { looks: options.looks }),
      ...(options.advice && { advice: options.advice }),
      ...(options.anchors && { anchors: options.anchors }),
      ...(access && {
        api: {
          tokens: new HubTokens(
            access(browser.hub),
            (
              all => (name: string) =>
                all.get(name)
            )(new Map([browser.hub, ...further].map(hub => [hub.settings.hub, access(hub)])))
          ),
          routes: []
        }
      })
    });
    return browser;
  }

  /** One request with the browser's cookies; no redirect is followed. */
  async ask(url: string, more: InjectOptions = {}): Promise<LightMyRequestResponse> {
    const answer = await this.fastify.inject({
      method: 'GET',
      url,
      ...more,
      headers: {
        host: this.hub.settings.host,
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...more.headers
      }
    });
    for (const { name, value, expires, maxAge } of answer.cookies) {
      const gone = maxAge === 0 || (expires !== undefined && expires.getTime() <= 0);
      if (gone) {
        this.cookies.delete(name);
      } else {
        this.cookies.set(name, value);
      }
    }
    return answer;
  }

  /** Opens an address of ours and signs in if it leads to the hub. @returns the page at the end. */
  async visit(url: string): Promise<LightMyRequestResponse> {
    let answer = await this.ask(url);
    for (let hops = 0; answer.statusCode === 302 && hops < 5; hops += 1) {
      const { origin } = this.hub.settings;
      const to = String(answer.headers.location);
      const hub = [this.hub, ...this.further].find(({ settings }) => to.startsWith(settings.hubUrl));
      const back = hub ? hub.authorize(to) : to;
      if (back === null) {
        throw new Error(`The hub shows a page of its own at ${to}.`);
      }
      answer = await this.ask(back.replace(origin, ''));
    }
    return answer;
  }

  /** What a form of the page sends with it. */
  static formToken(page: string): string {
    return /name="form" value="([^"]+)"/.exec(page)?.[1] ?? '';
  }
}
