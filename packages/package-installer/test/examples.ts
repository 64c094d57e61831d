import type { AuditRecords, AuditState, ListedRecord } from '@labkeeper/protocol';

/** 2026-11-27, 05:00 UTC. */
export const NOW_MS = 1_795_755_600_000;

/** All is well. */
export const WELL: AuditState = {
  mode: 'hub',
  problem: null,
  waiting: 0,
  receipt: { short: '8c1f04aa', atMs: NOW_MS - 60_000 },
  connectedSinceMs: NOW_MS - 3_600_000
};

export function listed(more: Partial<ListedRecord> = {}): ListedRecord {
  return {
    id: `boot ${more.index ?? 1}`,
    occurredAtMs: NOW_MS - 120_000,
    action: 'install',
    package: { name: 'numpy', version: '2.3.1' },
    tool: 'pip',
    environment: { id: '00112233445566ff', kind: 'venv', python: '3.13', path: '/home/ada/.venv' },
    gap: null,
    place: 'hub',
    index: 1,
    receipt: '8c1f04aa',
    ...more
  };
}

export function listOf(records: readonly ListedRecord[], more: Partial<AuditRecords> = {}): AuditRecords {
  return { records: [...records], isCut: false, hub: 'read', failure: null, ...more };
}
