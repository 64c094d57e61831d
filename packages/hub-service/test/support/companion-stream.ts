import { randomBytes, randomUUID } from 'node:crypto';
import { canonicalJson, NO_HASH } from '@labkeeper/core';
import { AUDIT_SCHEMA, type AuditRecord, type PersonalPart } from '@labkeeper/protocol';
import { sha256Hex } from '../../src/sha256.js';

/** Two lines as a companion sends them. */
export interface IPair {
  readonly line: string | Buffer;
  readonly personal: string | null;
}

/** Writes a stream as a companion does: each record holds the hash of the one before it. */
export class CompanionStream {
  constructor(readonly boot: string = randomUUID()) {}

  seq = 0;
  head = NO_HASH;

  /** The next `count` records as the body of a batch; the stream goes on behind them. */
  batch(count: number, change: (record: AuditRecord) => AuditRecord = record => record): Buffer {
    return this.batchOf(Array.from({ length: count }, () => () => this.pair(change)));
  }

  /** A batch of pairs that are made one after the other. */
  batchOf(makers: readonly (() => IPair)[]): Buffer {
    const [first, prev] = [this.seq + 1, this.head];
    const pairs = makers.map(make => {
      const pair = make();
      this.seq += 1;
      this.head = sha256Hex(pair.line);
      return pair;
    });
    return batchBody({ protocol: 1, boot: this.boot, first, count: pairs.length, prev }, pairs);
  }

  /** The record that would come next. */
  pair(change: (record: AuditRecord) => AuditRecord = record => record): IPair {
    const personal = canonicalJson(personalPart());
    return { line: canonicalJson(change(this.record(personal))), personal };
  }

  /** @param personal - null = the record is to have none. */
  record(personal: string | null): AuditRecord {
    return {
      schema: AUDIT_SCHEMA,
      eventId: randomUUID(),
      boot: this.boot,
      seq: this.seq + 1,
      prev: this.head,
      occurredAtMs: 1_795_000_000_000 + this.seq,
      observedAtMs: 1_795_000_000_010 + this.seq,
      action: 'install',
      personal: personal === null ? null : sha256Hex(personal),
      surface: 'terminal',
      tool: { name: 'pip', version: '25.3' },
      environment: { id: '0123456789abcdef', kind: 'venv', python: '3.12' },
      package: {
        ecosystem: 'pypi',
        name: `package-${this.seq % 7}`,
        version: `1.${this.seq}`,
        requested: true,
        installer: 'pip',
        recordDigest: 'ab'.repeat(32),
        files: 12,
        origin: 'index'
      },
      decision: null,
      outcome: { ok: true, code: 0 },
      evidence: [
        { source: 'disk', ref: null },
        { source: 'report', ref: null }
      ],
      gap: null
    };
  }
}

/** The bytes of a batch, right or wrong. */
export function batchBody(head: object, pairs: readonly IPair[]): Buffer {
  const newline = Buffer.from('\n');
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(head)}\n`),
    ...pairs.flatMap(({ line, personal }) => [
      Buffer.from(line),
      newline,
      Buffer.from(personal ?? 'null'),
      newline
    ])
  ]);
}

function personalPart(): PersonalPart {
  return {
    salt: randomBytes(16).toString('hex'),
    prefix: '/home/alice/.venv',
    notebook: null,
    argv: ['pip', 'install', 'package'],
    directUrl: null
  };
}
