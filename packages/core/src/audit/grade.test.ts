import type { AuditRecord, EvidenceSource } from '@labkeeper/protocol';
import { gradeOf } from './grade.js';

const recordOf = (
  sources: readonly EvidenceSource[],
  action: AuditRecord['action'] = 'install'
): AuditRecord => ({
  schema: 'labkeeper.install/1',
  eventId: '0f8fad5b-d9cb-469f-a165-70867728950e',
  boot: '0f8fad5b-d9cb-469f-a165-70867728950e',
  seq: 1,
  prev: '0'.repeat(64),
  occurredAtMs: 1,
  observedAtMs: 1,
  action,
  personal: null,
  surface: 'unknown',
  tool: null,
  environment: null,
  package: null,
  decision: null,
  outcome: null,
  evidence: sources.map(source => ({ source, ref: null })),
  gap: null
});

it('nothing that a container says of itself is confirmed, whatever it calls its source', () => {
  const all = ['ui', 'gateway', 'report', 'hook', 'disk', 'node'] as const;
  expect(gradeOf(recordOf(all)).grade).toBe('corroborated');
  expect(gradeOf(recordOf(['gateway', 'disk'])).grade).toBe('corroborated');
  for (const source of all) {
    expect([source, gradeOf(recordOf([source])).grade]).toEqual([source, 'claimed']);
  }
  expect(gradeOf(recordOf(all, 'gap')).grade).toBe('stream');
});
