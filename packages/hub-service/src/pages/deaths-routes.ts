import { createElement } from 'react';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IDeathRate, IEventRow, IServerEventReader } from '../store/server-events.js';
import type { IPage } from './answers.js';
import { deathsAddress, readDeathsQuery, type IDeathsQuery } from './deaths-query.js';
import type { LogRoutes } from './log-routes.js';
import { PAGE_ROWS, read, type IVisitor, type Reading } from './reading.js';
import { DeathsPage } from './view/deaths-page.js';

export interface IDeathsRoutesOptions {
  readonly events: IServerEventReader;
  readonly reading: Reading;
  readonly logRoutes: LogRoutes;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** A page of deaths, with how often they are. */
export interface IDeathsFound {
  readonly rows: readonly IEventRow[];
  /** Where the next page begins; null = this is the last. */
  readonly next: number | null;
  readonly days: readonly IDeathRate[];
  readonly nodes: readonly IDeathRate[];
  readonly images: readonly IDeathRate[];
}

/** Nodes and images that are listed, the worst first. */
const WORST = 20;

/** "Deaths": kernels that died, and how often, per day, machine and image. */
export class DeathsRoutes {
  constructor(private readonly options: IDeathsRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    this.options.logRoutes.page(fastify, '/deaths', (visitor, request) => this.deaths(visitor, request));
  }

  private async deaths(visitor: IVisitor, request: FastifyRequest): Promise<IPage> {
    const { reading, nowMs } = this.options;
    const query = readDeathsQuery(request.query, nowMs());
    // A right that is limited to groups may count for nothing here.
    reading.groupOf(visitor, undefined);
    const groups = visitor.right.kind === 'groups' ? visitor.right.groups : null;
    const found = query.problems.length > 0 ? null : await this.found(visitor, query, groups);
    return {
      title: 'Deaths',
      tab: 'deaths',
      body: createElement(DeathsPage, { query, found, groups, hubs: reading.hubsOf(visitor) }),
      status: found === null ? 400 : 200
    };
  }

  private async found(
    visitor: IVisitor,
    { fields, filter, days, before }: IDeathsQuery,
    groups: readonly string[] | null
  ): Promise<IDeathsFound> {
    const { events, reading } = this.options;
    const hub = await reading.lookingAt(visitor, 'deaths', deathsAddress(fields, before), fields.hub);
    const asked = { ...filter, ...(hub !== null && { hub }), ...(groups !== null && { groups }) };
    return read(async () => {
      const [rows, perDay, nodes, images] = await Promise.all([
        events.deaths(asked, before, PAGE_ROWS + 1),
        events.rates(asked, 'day', days),
        events.rates(asked, 'node', WORST),
        events.rates(asked, 'image', WORST)
      ]);
      const shown = rows.slice(0, PAGE_ROWS);
      const next = rows.length > PAGE_ROWS ? (shown.at(-1)?.id ?? null) : null;
      return { rows: shown, next, days: perDay, nodes, images };
    });
  }
}
