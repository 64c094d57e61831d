import { EarlierSession, MessageError, parseParams } from '@labkeeper/protocol';
import { codeOf, reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import {
  ensureOwnFolder,
  NotOursError,
  readOwnFile,
  removeLeftovers,
  replaceOwnFile
} from '../recorder/own-folder.js';

/** The file's declaration: it is read like a message, because anybody may have written it. */
const SESSION = { method: 'session file', params: EarlierSession } as const;
/** 200 documents with the longest paths. */
const LIMIT_BYTES = 1024 * 1024;

/** What the file holds. */
export interface ISessions {
  /** Of the companion that wrote it last. */
  readonly current: IWrittenSession | null;
  /** Of the server before, as long as the user has not dismissed it. */
  readonly earlier: EarlierSession | null;
}

export interface IWrittenSession {
  /** Of the server, see `serverId`: a companion that was replaced under a living server goes on with its session. */
  readonly serverId: string;
  readonly session: EarlierSession;
}

export interface ISessionFileOptions {
  readonly home: string;
  readonly serverName: string;
  /** The folder of the journal; the file lies beside it. */
  readonly journalFolder: string;
  /** Tells this process's temporary files from others'. */
  readonly unique: string;
  readonly log: Log;
}

/** A small file that is replaced whole. What goes wrong with it is told in the log, once: nothing else depends on it. */
export class SessionFile {
  constructor(private readonly options: ISessionFileOptions) {
    this.path = `${options.journalFolder}.session`;
  }

  /** A file that is damaged counts as none. @param nowMs - in ms since the Unix epoch. */
  async read(nowMs: number): Promise<ISessions> {
    try {
      await removeLeftovers(this.path, nowMs);
      return parse(JSON.parse((await readOwnFile(this.path, LIMIT_BYTES)).toString('utf8')));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        this.complain(error);
      }
      return { current: null, earlier: null };
    }
  }

  /**
   * Replaces it.
   *
   * @param durable - whether it outlives the machine when this resolves, and not only this process. Costs an fsync, of
   *   which there may be few in a minute.
   * @returns whether it was written.
   */
  async write(sessions: ISessions, durable: boolean): Promise<boolean> {
    const { home, serverName, unique } = this.options;
    this.written += 1;
    try {
      if (!this.hasFolder) {
        await ensureOwnFolder(home, 'journal', serverName);
        this.hasFolder = true;
      }
      await replaceOwnFile(this.path, JSON.stringify(sessions), `${unique}-${this.written}`, durable);
      return true;
    } catch (error) {
      this.complain(error);
      return false;
    }
  }

  private complain(error: unknown): void {
    const isExpected =
      codeOf(error) !== null || error instanceof NotOursError || error instanceof MessageError;
    if (!isExpected && !isSyntaxError(error)) {
      throw error;
    }
    if (!this.hasComplained) {
      this.hasComplained = true;
      this.options.log(`What is open cannot be noted for the next start: ${reasonOf(error)}`);
    }
  }

  private readonly path: string;
  private written = 0;
  private hasFolder = false;
  private hasComplained = false;
}

function parse(value: unknown): ISessions {
  const fields: Readonly<Record<string, unknown>> =
    typeof value === 'object' && value !== null ? { ...value } : {};
  const { current, earlier } = fields;
  const { serverId, session }: Readonly<Record<string, unknown>> =
    typeof current === 'object' && current !== null ? { ...current } : {};
  return {
    current: typeof serverId === 'string' ? { serverId, session: parseParams(SESSION, session) } : null,
    earlier: earlier === null || earlier === undefined ? null : parseParams(SESSION, earlier)
  };
}

function isSyntaxError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'SyntaxError';
}
