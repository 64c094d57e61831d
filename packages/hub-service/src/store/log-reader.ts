import type { Grade } from '@labkeeper/core';
import type { ActWithheld, IActFacts } from './act-facts.js';

/** What is looked for; a member that is left out is not asked for. Texts are compared whole, but `text`. */
export interface ILogFilter {
  readonly hub?: string;
  readonly user?: string;
  readonly group?: string;
  readonly server?: string;
  /** Part of the name of the image that the server ran in, as its spawner said. */
  readonly image?: string;
  readonly package?: string;
  readonly version?: string;
  readonly tool?: string;
  readonly action?: string;
  readonly effect?: string;
  readonly grade?: Grade;
  /** Received from here on, epoch ms. */
  readonly fromMs?: number;
  /** Received before, epoch ms. */
  readonly untilMs?: number;
  /** Part of a package's name, or a request's number. */
  readonly text?: string;
}

/** Where a page of the list ends: the next one begins after it. */
export interface ILogPlace {
  readonly receivedAtMs: number;
  readonly index: number;
}

/** What came to a view. */
export interface INewRows {
  /** The newest first. */
  readonly rows: readonly ILogRow[];
  /** What is below this index was looked at. */
  readonly endIndex: number;
}

/** One line of the list. */
export interface ILogRow extends ILogPlace {
  readonly hub: string;
  /** null = her name was erased. */
  readonly user: string | null;
  /** null = erased; '' is the default server. */
  readonly server: string | null;
  readonly occurredAtMs: number | null;
  readonly action: string;
  readonly ecosystem: string | null;
  readonly packageName: string | null;
  readonly packageVersion: string | null;
  readonly tool: string | null;
  readonly effect: string | null;
  readonly grade: Grade;
}

/** Everything that is kept of one record. */
export interface ILogStory {
  readonly row: ILogRow;
  /** The exact line of the log; its SHA-256 as a leaf is what digests cover. */
  readonly entry: string;
  /** The exact personal part; null = there is none, or it was erased: see `personalErased`. */
  readonly personal: string | null;
  readonly personalErased: boolean;
  readonly stream: string;
  /** Which image the server ran in, as its spawner said; null = nobody said. */
  readonly image: string | null;
  readonly seq: number;
  /** Names and reason of an act of the service; null = the record is none, or they are withheld. */
  readonly act: IActFacts | null;
  /** What of an act's names and reason is not for whoever reads; absent = nothing. */
  readonly withheld?: ActWithheld;
  /** The digest that covers it; null = none yet. */
  readonly digest: number | null;
  /** Neighbours in the same stream, oldest first, at most five before and five after. */
  readonly neighbours: readonly ILogRow[];
}

/** Records of one hub are counted up to here: a number equal to it means "or more". */
export const STATUS_CAP = 100_000;

/** The log as it is read. Every look is itself on record: `looked` is called before anything is shown. */
export interface ILogReader {
  /** The newest first. @param after - null = from the newest on. */
  list(filter: ILogFilter, after: ILogPlace | null, limit: number): Promise<readonly ILogRow[]>;
  /** The index after the last record that can be read. */
  end(): Promise<number>;
  /**
   * Those of a view behind an index, the newest `limit` of them. It costs what came since, not what there is.
   *
   * @param than - the index of the last record that was looked at; -1 = none was.
   */
  newer(filter: ILogFilter, than: number, limit: number): Promise<INewRows>;
  /** At most `cap`; a number equal to it means "or more". */
  count(filter: ILogFilter, cap: number): Promise<number>;
  /** null = there is no such record. */
  story(index: number): Promise<ILogStory | null>;
  /**
   * Numbers of the last records of streams whose hash begins so, some of them. All streams are read for it.
   *
   * @param head - lower-case hexadecimal digits, eight or more. @param hubs - those of these hubs alone; null = all.
   */
  streamEnds(head: string, hubs: readonly string[] | null): Promise<readonly number[]>;
  /** All of them or none. Durable when it resolves. */
  looked(...looks: readonly ILook[]): Promise<void>;
  /** The newest first. @param hub - of whose people alone; null = of all. */
  looks(limit: number, hub?: string | null): Promise<readonly (ILook & { readonly atMs: number })[]>;
  /**
   * Records in the log, streams that sent something in the last ten minutes, and the newest digest.
   *
   * @param hub - whose records and streams alone are counted, records up to `STATUS_CAP`; null = all. Digests are of all.
   */
  status(hub?: string | null): Promise<ILogStatus>;
}

/** Somebody read in the log. */
export interface ILook {
  /** Whose records were looked at: a look at another hub's is on record there too. */
  readonly hub: string;
  /** A name at that hub; with the name of hers and a slash before it, somebody of another. */
  readonly reader: string;
  /** `follow`: whatever came to that view within the hour that followed. */
  readonly kind:
    | 'list'
    | 'follow'
    | 'story'
    | 'export'
    | 'holders'
    | 'looks'
    | 'holds'
    | 'deaths'
    | 'requests'
    | 'outgoing';
  /** What was asked for, as it stands in the address. */
  readonly query: string;
}

export interface ILogStatus {
  readonly records: number;
  readonly liveStreams: number;
  readonly newestMs: number | null;
  readonly digests: number;
  /** Records that no digest covers yet. */
  readonly uncovered: number;
}
