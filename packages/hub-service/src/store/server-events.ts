import type { ServerEvent, ServerEventsHead } from '@labkeeper/protocol';
import type { ISpeaker } from './log-writer.js';

/** Where a server runs or ran, as its spawner says. */
export interface IServerRun {
  readonly startedAtMs: number;
  /** null = not known. */
  readonly node: string | null;
  readonly image: string | null;
}

/** A batch, read. */
export interface IIncomingEvents {
  readonly speaker: ISpeaker;
  readonly head: ServerEventsHead;
  /** In their order; null = could not be read, or is not wanted. */
  readonly events: readonly (ServerEvent | null)[];
  /** Runs of the server that the spawner told of. */
  readonly runs: readonly IServerRun[];
}

/** An event that was stored now. */
export interface IStoredEvent {
  readonly event: ServerEvent;
  readonly node: string | null;
}

/** Events as they are written. */
export interface IServerEventWriter {
  /** Stores what is not stored yet. Durable when it resolves. */
  append(
    incoming: IIncomingEvents
  ): Promise<{ readonly seq: number; readonly stored: readonly IStoredEvent[] }>;
  /**
   * Deletes events that were received before, but for those of persons who are held.
   *
   * @returns how many.
   */
  purge(beforeMs: number): Promise<number>;
}

/** What is asked of deaths; a member that is left out is not asked for. */
export interface IDeathFilter {
  readonly hub?: string;
  readonly user?: string;
  /** Only people who were in one of these when it came. */
  readonly groups?: readonly string[];
  readonly node?: string;
  readonly image?: string;
  readonly cause?: string;
  /** From here on, epoch ms. */
  readonly fromMs: number;
}

/** One event as pages show it. */
export interface IEventRow {
  readonly id: number;
  /** null = erased. */
  readonly user: string | null;
  readonly server: string | null;
  readonly atMs: number;
  readonly node: string | null;
  readonly image: string | null;
  /** null = it cannot be read any more. */
  readonly event: ServerEvent | null;
}

/** Deaths with the hours that kernels lived: over a day, on a node, or in an image. */
export interface IDeathRate {
  /** Days since the epoch, or a name; null = not known. */
  readonly of: string | null;
  readonly deaths: number;
  /** null = cannot be told for what was asked for. */
  readonly kernelHours: number | null;
}

/** Events as they are read. */
export interface IServerEventReader {
  /** The newest first. @param before - id of the last one seen; null = from the newest on. */
  deaths(filter: IDeathFilter, before: number | null, limit: number): Promise<readonly IEventRow[]>;
  /** Per day the newest first; nodes and images with the most deaths first, at most `limit`. */
  rates(filter: IDeathFilter, by: 'day' | 'node' | 'image', limit: number): Promise<readonly IDeathRate[]>;
  /**
   * Deaths, shortages and gaps of a person, the newest first.
   *
   * @param groups - only those that came while she was in one of these; null = all.
   */
  ofPerson(
    hub: string,
    user: string,
    groups: readonly string[] | null,
    limit: number
  ): Promise<readonly IEventRow[]>;
}
