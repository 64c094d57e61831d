import type { IKeys } from '../keys/keys.js';
import type { IDatabase } from './database.js';
import { OwnActs } from './own-acts.js';
import { SqlLogWriter } from './sql-log-writer.js';

/** The service's own stream for a command that runs beside the service or without it. @param nowMs - epoch ms. */
export function ownActs(database: IDatabase, keys: IKeys, hubId: string, nowMs: () => number): OwnActs {
  return new OwnActs({ database, keys, hubId, writer: new SqlLogWriter(database, nowMs) });
}
