import { createElement } from 'react';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IHolder, IHolders, IHoldersCount } from '../store/holders.js';
import type { ShownRetention } from '../store/shown-retention.js';
import type { IPage } from './answers.js';
import { holdersAddress, readHoldersQuery, type IHoldersQuery } from './holders-query.js';
import type { LogRoutes } from './log-routes.js';
import { COUNT_CAP, PAGE_ROWS, read, type IVisitor, type Reading } from './reading.js';
import { HoldersPage } from './view/holders-page.js';

export interface IHoldersRoutesOptions {
  readonly holders: IHolders;
  readonly reading: Reading;
  readonly logRoutes: LogRoutes;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** How the deletion of what is older than its time stands; absent = nothing is deleted. */
  readonly retention?: ShownRetention | undefined;
}

/** A page of those who have a package. */
export interface IHoldersFound {
  readonly rows: readonly IHolder[];
  /** COUNT_CAP holdings mean "or more". */
  readonly count: IHoldersCount;
  /** Where the next page begins; null = this is the last. */
  readonly next: number | null;
  /** Of days before it, who had what is no longer known as a whole, epoch ms; null = of all days it is. */
  readonly wholeFromMs: number | null;
}

/** "Who has it?": people and servers with a package, now and on a day. */
export class HoldersRoutes {
  constructor(private readonly options: IHoldersRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    this.options.logRoutes.page(fastify, '/holders', (visitor, request) => this.holders(visitor, request));
  }

  private async holders(visitor: IVisitor, request: FastifyRequest): Promise<IPage> {
    const { reading, nowMs } = this.options;
    const query = readHoldersQuery(request.query, nowMs());
    // A right that is limited to groups may count for nothing here.
    reading.groupOf(visitor, undefined);
    const groups = visitor.right.kind === 'groups' ? visitor.right.groups : null;
    const found = await this.found(visitor, query, groups);
    return {
      title: 'Who has it?',
      tab: 'holders',
      body: createElement(HoldersPage, { query, found, groups, hubs: reading.hubsOf(visitor) }),
      status: query.problems.length > 0 ? 400 : 200
    };
  }

  /** null = nothing was asked for, or it cannot be asked. */
  private async found(
    visitor: IVisitor,
    { asked, fields, before }: IHoldersQuery,
    groups: readonly string[] | null
  ): Promise<IHoldersFound | null> {
    if (asked === null) {
      return null;
    }
    const { holders, reading } = this.options;
    const hub = await reading.lookingAt(visitor, 'holders', holdersAddress(fields, before), fields.hub);
    const limits = { groups, hub };
    return read(async () => {
      const [rows, count] = await Promise.all([
        holders.list({ ...asked, ...limits }, before, PAGE_ROWS + 1),
        holders.count({ ...asked, ...limits }, COUNT_CAP)
      ]);
      const shown = rows.slice(0, PAGE_ROWS);
      return {
        rows: shown,
        count,
        wholeFromMs: asked.dayMs === null ? null : await this.wholeFromMs(),
        next: rows.length > PAGE_ROWS ? (shown.at(-1)?.sinceIndex ?? null) : null
      };
    });
  }

  /** What ended a holding takes it away when it is deleted; what is still held stays. */
  private async wholeFromMs(): Promise<number | null> {
    const classes = (await this.options.retention?.read())?.classes ?? [];
    const gone = classes.flatMap(({ class: name, goneBeforeMs }) =>
      name === 'looks' || name === 'streams' || goneBeforeMs === null ? [] : [goneBeforeMs]
    );
    return gone.length === 0 ? null : Math.max(...gone);
  }
}
