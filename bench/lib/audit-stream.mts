import { randomBytes, randomUUID } from 'node:crypto';
import { canonicalJson, holdingEffect, NO_HASH } from '../../packages/core/lib/index.js';
import { AUDIT_SCHEMA, type AuditRecord } from '../../packages/protocol/lib/index.js';
import { sha256Hex } from '../../packages/hub-service/lib/sha256.js';
import type { IIncomingBatch, IIncomingRecord } from '../../packages/hub-service/lib/store/log-writer.js';

/** A companion's stream, as the service has read it. */
export interface IAuditStream {
  /** Its next records, with personal parts. */
  batch(count: number): IIncomingBatch;
}

export function auditStream(user: string): IAuditStream {
  const boot = randomUUID();
  const speaker = { hub: 'hub', user, server: '', groups: ['quants'] };
  let [seq, head] = [0, NO_HASH];
  const next = (): IIncomingRecord => {
    const salt = randomBytes(16).toString('hex');
    const argv = ['pip', 'install', `package-${seq}`];
    const personal = canonicalJson({
      argv,
      directUrl: null,
      notebook: null,
      prefix: `/home/${user}/.venv`,
      salt
    });
    const record = recordOf(boot, seq + 1, head, sha256Hex(personal));
    const line = canonicalJson(record);
    seq += 1;
    head = sha256Hex(line);
    return {
      ...{ seq, line, opaque: null, personal },
      columns: {
        occurredAtMs: record.occurredAtMs,
        action: record.action,
        ecosystem: 'pypi',
        packageName: record.package?.name ?? null,
        packageVersion: record.package?.version ?? null,
        tool: 'pip',
        effect: record.decision?.effect ?? null,
        grade: 'corroborated',
        environment: record.environment?.id ?? null,
        held: holdingEffect(record)
      }
    };
  };
  return {
    batch: count => {
      const [first, prev] = [seq + 1, head];
      const records = Array.from({ length: count }, next);
      return { speaker, boot, first, prev, head, records };
    }
  };
}

function recordOf(boot: string, seq: number, prev: string, personal: string): AuditRecord {
  const now = Date.now();
  return {
    schema: AUDIT_SCHEMA,
    ...{ eventId: randomUUID(), boot, seq, prev, personal },
    ...{ occurredAtMs: now, observedAtMs: now, action: 'install', surface: 'terminal' },
    tool: { name: 'pip', version: '25.3' },
    environment: { id: '0123456789abcdef', kind: 'venv', python: '3.12' },
    package: {
      ...{ ecosystem: 'pypi', name: `package-${seq % 700}`, version: `1.${seq}.0`, requested: seq % 5 === 0 },
      ...{ installer: 'pip', recordDigest: 'ab'.repeat(32), files: 120, origin: 'index' }
    },
    decision: {
      effect: 'allow',
      ruleId: 'approved-packages',
      policyDigest: 'cd'.repeat(32),
      reason: 'It is on the list of approved packages, and no rule forbids this version.'
    },
    outcome: { ok: true, code: 0 },
    evidence: [
      { source: 'disk', ref: 'dist-info/RECORD' },
      { source: 'report', ref: 'pip --report' },
      { source: 'gateway', ref: null }
    ],
    gap: null
  };
}
