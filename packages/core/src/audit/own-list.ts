import type { AuditRecord, AuditRecords, ListedRecord, OwnRow } from '@labkeeper/protocol';

/** A record as it lies in the spool. */
export interface ISpooledFacts {
  readonly boot: string;
  readonly seq: number;
  /** null = it could not be read. */
  readonly record: AuditRecord | null;
  /** The hub has acknowledged it. */
  readonly isAcknowledged: boolean;
}

/** The last receipt of a stream that is kept here. */
export interface IStreamReceipt {
  readonly short: string;
  /** It covers the stream up to here: the hash of each record is in the next one. */
  readonly seq: number;
}

export interface IOwnSources {
  /** What the hub has, newest first. */
  readonly hub: readonly OwnRow[];
  /** The hub has older ones. */
  readonly isCut: boolean;
  /** What lies on this server, newest first; some of it may be at the hub too. */
  readonly spooled: readonly ISpooledFacts[];
  /** null = none is kept. */
  readonly receiptOf: (boot: string) => IStreamReceipt | null;
  /** null = not known. */
  readonly pathOf: (environmentId: string) => string | null;
  /** So many are listed, at most. */
  readonly most: number;
}

/** Whether a record is listed: signs of life tell nothing that the state does not. */
export function isListed(action: string): boolean {
  return action !== 'heartbeat';
}

const INSTALLS: readonly string[] = ['install', 'upgrade', 'remove', 'found-on-disk', 'altered'];

/** Whether a record tells of a package that came, went or changed: not what was asked, said or decided about one. */
export function isInstall(action: string): boolean {
  return INSTALLS.includes(action);
}

/**
 * One list of what the hub has and what is only on this server, each record once. Newest first in the order of recording:
 * what the hub does not have yet comes after all that it has, and a file's time may be years ago.
 */
export function ownList(sources: IOwnSources): Pick<AuditRecords, 'records' | 'isCut'> {
  const { hub, spooled, most } = sources;
  const newest = newestAtHub(hub);
  const records = [
    ...spooled.filter(({ boot, seq }) => seq > (newest.get(boot) ?? 0)).map(fact => fromSpool(fact, sources)),
    ...hub.map(row => fromHub(row, sources))
  ].filter(({ action }) => isListed(action));
  return { records: records.slice(0, most), isCut: sources.isCut || records.length > most };
}

/** The last record of each stream that the hub listed: it has everything before that one too. */
function newestAtHub(hub: readonly OwnRow[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const { boot, seq } of hub) {
    newest.set(boot, Math.max(seq, newest.get(boot) ?? 0));
  }
  return newest;
}

function fromHub(row: OwnRow, sources: IOwnSources): ListedRecord {
  const { boot, seq, index, occurredAtMs, receivedAtMs, action, tool, gap } = row;
  return {
    id: `${boot} ${seq}`,
    occurredAtMs: occurredAtMs ?? receivedAtMs,
    action,
    package: row.packageName === null ? null : { name: row.packageName, version: row.packageVersion },
    tool,
    environment: placed(row.environment, sources),
    gap,
    place: 'hub',
    index,
    receipt: receiptFor(boot, seq, sources)
  };
}

function fromSpool(
  { boot, seq, record: told, isAcknowledged }: ISpooledFacts,
  sources: IOwnSources
): ListedRecord {
  return {
    id: `${boot} ${seq}`,
    occurredAtMs: told?.occurredAtMs ?? null,
    action: told?.action ?? 'unreadable',
    package: told?.package ? { name: told.package.name, version: told.package.version } : null,
    tool: told?.tool?.name ?? null,
    environment: placed(told?.environment ?? null, sources),
    gap: told?.gap ?? null,
    place: isAcknowledged ? 'hub' : 'server',
    index: null,
    receipt: receiptFor(boot, seq, sources)
  };
}

function placed(
  environment: AuditRecord['environment'],
  { pathOf }: IOwnSources
): ListedRecord['environment'] {
  return environment && { ...environment, path: pathOf(environment.id) };
}

function receiptFor(boot: string, seq: number, { receiptOf }: IOwnSources): string | null {
  const receipt = receiptOf(boot);
  return receipt !== null && seq <= receipt.seq ? receipt.short : null;
}
