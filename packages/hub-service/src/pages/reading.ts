import type { HubScope } from '../hubs/hub-scope.js';
import { TokenBuckets } from '../ingest/token-buckets.js';
import { isAdmin } from '../people/admin-right.js';
import type { AuditRight } from '../people/audit-right.js';
import type { IHubPerson } from '../people/hub-identity.js';
import type { Reach } from '../people/support-right.js';
import type {
  ILogFilter,
  ILogPlace,
  ILogReader,
  ILogRow,
  ILogStory,
  ILook,
  INewRows
} from '../store/log-reader.js';
import { Refusal } from './refusal.js';
import { withholdAct } from './withhold-act.js';

/** Who reads, and what she may read. */
export interface IVisitor {
  readonly person: IHubPerson;
  readonly right: AuditRight;
}

export interface IReadingOptions {
  readonly reader: ILogReader;
  /** What people of a hub are limited to. */
  readonly scope: HubScope;
  /** Which other hubs' logs somebody may read now. */
  readonly reach: Reach;
  /** Whether the reader obeys `filter.group`. Without it a right to one group's records gives nothing. */
  readonly groupsFiltered: boolean;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** Rows of one page, at most. */
export const PAGE_ROWS = 50;
/** Matches are counted up to here. */
export const COUNT_CAP = 1000;
const LOOKS = 200;
/** Looks of one person: each is a row that is kept, and forced to the disk. Nobody reads faster than that. */
const LOOK_RATE = { perSecond: 5, burst: 100 } as const;
/** Searches for a hash without a number, of one person. */
const SEARCH_RATE = { perSecond: 0.2, burst: 10 } as const;
/** And so many are under way at a time. */
const SEARCHES = 2;

export interface ILogPage {
  readonly rows: readonly ILogRow[];
  /** COUNT_CAP means "or more". */
  readonly matches: number;
  /** Where the next page begins; null = this is the last. */
  readonly next: ILogPlace | null;
}

/**
 * The log as one person may read it. Every look is put on record first, and without that nothing is shown. All methods
 * throw a Refusal with a sentence for the reader.
 */
export class Reading {
  constructor(private readonly options: IReadingOptions) {
    this.rate = new TokenBuckets({ ...LOOK_RATE, monotonicMs: options.monotonicMs });
    this.searches = new TokenBuckets({ ...SEARCH_RATE, monotonicMs: options.monotonicMs });
  }

  /**
   * The hub whose records alone somebody sees; null = there is no other's. All that shows records goes through here.
   *
   * @param asked - by its name; undefined = her own. Another is looked up in the policy each time, so that a right that was
   * taken away is gone with the next look.
   * @throws Refusal - she may not, whether there is such a hub or not.
   */
  hubOf(visitor: IVisitor, asked: string | undefined): string | null {
    const { person, right } = visitor;
    if (asked === undefined || asked === person.hub) {
      return right.kind === 'groups' ? person.hub : this.options.scope(person.hub);
    }
    if (!this.reached(visitor).includes(asked)) {
      throw new Refusal(403, 'You may not read the records of that hub.', {
        link: { href: '/log', text: 'Show what I may read' }
      });
    }
    return asked;
  }

  /** Hubs that somebody may ask for beside her own. A group is a group of her hub, so that a right to groups reaches none. */
  reached({ person, right }: IVisitor): readonly string[] {
    return right.kind === 'all' && this.options.scope(person.hub) !== null ? this.options.reach(person) : [];
  }

  /** Hubs whose records somebody may ask for, her own first. */
  hubsOf(visitor: IVisitor): readonly string[] {
    return [visitor.person.hub, ...this.reached(visitor)];
  }

  /** What an address needs so that it leads to records of a hub, as this person sees them. */
  fieldOf(visitor: IVisitor, hub: string): { readonly hub?: string } {
    return this.reached(visitor).includes(hub) ? { hub } : {};
  }

  /** The person's own hub as a limit, for what is no part of the log itself: no right reaches further there. */
  scopeOf({ hub }: IHubPerson): string | null {
    return this.options.scope(hub);
  }

  /**
   * The group that limits a view: the one that was asked for, or the first that a limited right is for.
   *
   * @returns null - none.
   */
  groupOf({ right }: IVisitor, asked: string | undefined): string | null {
    if (right.kind === 'all') {
      return asked ?? null;
    }
    if (!this.options.groupsFiltered) {
      throw new Refusal(
        403,
        'Your right to read is limited to groups, and this log cannot be read by group yet.',
        {
          todo: 'Ask an administrator of JupyterHub for the right to read all of it, or to follow an update of Labkeeper.'
        }
      );
    }
    const group = asked ?? right.groups[0];
    if (group === undefined || !right.groups.includes(group)) {
      throw new Refusal(
        403,
        `You may not read the records of that group, only of ${right.groups.join(', ')}.`,
        {
          link: { href: '/log', text: 'Show what I may read' }
        }
      );
    }
    return group;
  }

  /** @param address - of the view, for the record. */
  async list(
    visitor: IVisitor,
    filter: ILogFilter,
    after: ILogPlace | null,
    address: string
  ): Promise<ILogPage> {
    const group = this.groupOf(visitor, filter.group);
    const asked = this.limited(visitor, filter, group);
    await this.putOnRecord(visitor, 'list', address, filter.hub);
    return read(async () => {
      const { reader } = this.options;
      const [found, matches] = await Promise.all([
        reader.list(asked, after, PAGE_ROWS + 1),
        reader.count(asked, COUNT_CAP)
      ]);
      const rows = found.slice(0, PAGE_ROWS);
      const last = rows.at(-1);
      return {
        rows,
        matches: Math.max(matches, rows.length),
        next: found.length > PAGE_ROWS && last ? { receivedAtMs: last.receivedAtMs, index: last.index } : null
      };
    });
  }

  /** Records of a view behind an index, without a look: for who follows it with a look on record. */
  async newer(
    visitor: IVisitor,
    filter: ILogFilter,
    than: number
  ): Promise<INewRows & { readonly more: boolean }> {
    const asked = this.limited(visitor, filter, this.groupOf(visitor, filter.group));
    const { rows, endIndex } = await read(() => this.options.reader.newer(asked, than, PAGE_ROWS + 1));
    return { rows: rows.slice(0, PAGE_ROWS), more: rows.length > PAGE_ROWS, endIndex };
  }

  /**
   * Ends of streams whose hash begins so, of anybody at hubs that she may read: `story` says which of them she may know of.
   * All streams are read for it, so that one person has one question under way, and few a minute.
   *
   * @param address - of the question, for the record.
   */
  async streamEnds(visitor: IVisitor, head: string, address: string): Promise<readonly number[]> {
    this.groupOf(visitor, undefined);
    const { person } = visitor;
    const key = JSON.stringify([person.hub, person.name]);
    if (this.searching.has(key) || this.searching.size >= SEARCHES) {
      throw new Refusal(429, 'A receipt is being looked up already; nothing is shown for a moment.', {
        todo: 'Try again when that is done. With the number before it, as JupyterLab shows it, a receipt is found at once.'
      });
    }
    // Counted before anything is waited for, so that many at once are seen.
    this.searching.add(key);
    try {
      const waitMs = this.searches.take(key, 1);
      if (waitMs > 0) {
        throw tooMany(waitMs);
      }
      await this.putOnRecord(visitor, 'story', address, undefined);
      const own = this.hubOf(visitor, undefined);
      const hubs = own === null ? null : [own, ...this.reached(visitor)];
      return await read(() => this.options.reader.streamEnds(head, hubs));
    } finally {
      this.searching.delete(key);
    }
  }

  /**
   * @param address - of the question, for the record.
   * @returns null - there is no such record, or none that this person may know of.
   */
  async story(visitor: IVisitor, index: number, address = `/log/${index}`): Promise<ILogStory | null> {
    const { right } = visitor;
    this.groupOf(visitor, undefined);
    await this.putOnRecord(visitor, 'story', address, undefined);
    const own = this.hubOf(visitor, undefined);
    const story = await read(() => this.options.reader.story(index));
    // Of a stream all records are of one hub.
    if (story !== null && own !== null && story.row.hub !== own) {
      if (!this.reached(visitor).includes(story.row.hub)) {
        return null;
      }
      await this.tellThere(visitor, 'story', address, story.row.hub);
      return withholdAct(story, false, false);
    }
    return read(async () => {
      if (story === null) {
        return null;
      }
      const { person } = visitor;
      const { hub } = person;
      if (right.kind === 'all') {
        return withholdAct(story, own === null || story.row.hub === hub, isAdmin(person));
      }
      if (!(await this.isOfGroups(story.row, hub, right.groups))) {
        return null;
      }
      // Somebody may have joined the group in the midst of a stream.
      const known = await Promise.all(story.neighbours.map(row => this.isOfGroups(row, hub, right.groups)));
      const near = story.neighbours.filter((_row, at) => known[at]);
      return withholdAct({ ...story, neighbours: near }, false, false);
    });
  }

  /**
   * The filter for what somebody takes away.
   *
   * @param address - of the export, for the record.
   */
  async exporting(visitor: IVisitor, filter: ILogFilter, address: string): Promise<ILogFilter> {
    const limited = this.within(visitor, filter);
    await this.putOnRecord(visitor, 'export', address, filter.hub);
    return limited;
  }

  /** A view within what somebody may read now, without a look: for what goes on under a look on record. @throws Refusal */
  within(visitor: IVisitor, filter: ILogFilter): ILogFilter {
    return this.limited(visitor, filter, this.groupOf(visitor, filter.group));
  }

  /** Puts a look at something else of her hub that is kept here on record. @param address - of it. */
  looking(visitor: Pick<IVisitor, 'person'>, kind: ILook['kind'], address: string): Promise<void> {
    return this.putOnRecord(visitor, kind, address, undefined);
  }

  /**
   * Puts a look at what is kept of a hub on record.
   *
   * @param asked - as in `hubOf`.
   * @returns the hub to which it is limited; null = there is no other.
   */
  async lookingAt(
    visitor: IVisitor,
    kind: ILook['kind'],
    address: string,
    asked: string | undefined
  ): Promise<string | null> {
    const hub = this.hubOf(visitor, asked);
    await this.putOnRecord(visitor, kind, address, asked);
    return hub;
  }

  /** Who read. What they asked for tells about everybody, so only who may read everything sees it. */
  async looks(visitor: IVisitor): Promise<readonly (ILook & { readonly atMs: number })[]> {
    if (visitor.right.kind !== 'all') {
      throw new Refusal(403, 'Who read the log is shown only to people who may read all of it.');
    }
    await this.putOnRecord(visitor, 'looks', '/looks', undefined);
    return read(() => this.options.reader.looks(LOOKS, this.scopeOf(visitor.person)));
  }

  /** Names, groups and rights are those of one hub: another in the same log may have the same. */
  private limited(visitor: IVisitor, filter: ILogFilter, group: string | null): ILogFilter {
    const hub = this.hubOf(visitor, filter.hub);
    return { ...filter, ...(group !== null && { group }), ...(hub !== null && { hub }) };
  }

  /** The list tells: with the group as filter and the place just before it, the record comes first, or it is not in. */
  private async isOfGroups(row: ILogRow, hub: string, groups: readonly string[]): Promise<boolean> {
    const place = { receivedAtMs: row.receivedAtMs, index: row.index + 1 };
    const { reader } = this.options;
    const firsts = await Promise.all(groups.map(group => reader.list({ hub, group }, place, 1)));
    return firsts.some(([first]) => first?.index === row.index);
  }

  /** @param asked - whose records they are, as it stands in the address; undefined = those of her own hub. */
  private async putOnRecord(
    { person }: Pick<IVisitor, 'person'>,
    kind: ILook['kind'],
    query: string,
    asked: string | undefined
  ): Promise<void> {
    const { hub, name } = person;
    const waitMs = this.rate.take(JSON.stringify([hub, name]), 1);
    if (waitMs > 0) {
      throw tooMany(waitMs);
    }
    const look = { hub, reader: name, kind, query };
    await (asked === undefined || asked === hub
      ? this.keep(look)
      : this.keep({ ...look, query: placeOf(query, asked) }, abroad(look, asked)));
  }

  /** Her look is on record at her hub already; it is to be at the hub whose record it is too. */
  private tellThere({ person }: IVisitor, kind: ILook['kind'], query: string, hub: string): Promise<void> {
    return this.keep(abroad({ hub: person.hub, reader: person.name, kind, query }, hub));
  }

  private async keep(...looks: readonly ILook[]): Promise<void> {
    try {
      await this.options.reader.looked(...looks);
    } catch (cause) {
      throw new Refusal(
        503,
        'Nothing is shown, because your look at the log could not be put on record: the database did not take it.',
        {
          todo: 'Try again in a moment. If it stays so, tell an administrator; the reason is in the log of the service.',
          cause
        }
      );
    }
  }

  private readonly rate: TokenBuckets;
  private readonly searches: TokenBuckets;
  /** Whose searches for a hash are under way. */
  private readonly searching = new Set<string>();
}

function tooMany(waitMs: number): Refusal {
  return new Refusal(
    429,
    'You have looked at more pages than one person reads; nothing is shown for a moment.',
    {
      todo: `Try again in ${Math.ceil(waitMs / 1000)} s. An export takes a whole view away as one look.`
    }
  );
}

/** What her own hub's people are told of a look at another: where and whose, not for whom there she searched. */
function placeOf(query: string, hub: string): string {
  return `${query.split('?', 1)[0] ?? ''}?${new URLSearchParams({ hub }).toString()}`;
}

/** A look as it stands among those at another hub. JupyterHub lets no user's name have a slash, so that it is nobody's there. */
function abroad(look: ILook, hub: string): ILook {
  return { ...look, hub, reader: `${look.hub}/${look.reader}` };
}

/** Reads the database. @throws Refusal where it does not answer as it should. */
export async function read<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (cause) {
    throw new Refusal(
      503,
      'The log cannot be read at the moment: the database does not answer as it should.',
      {
        todo: 'Try again in a moment. If it stays so, tell an administrator; the reason is in the log of the service.',
        cause
      }
    );
  }
}
