import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { AuditRecord, PersonalPart, RECORD_BYTES } from '@labkeeper/protocol';
import * as v from 'valibot';
import { canonicalJson } from './canonical-json.js';
import { chainRecord, followsHead, NOTHING_YET } from './record-chain.js';
import { gapEvent, packageEvent, streamEvent, type IRecordEvent } from './record-event.js';

const BOOT = '0b6f7a52-52a1-4c59-9a6c-0a3a1f7f7d11';
const ID = '7f4c2a52-52a1-4c59-9a6c-0a3a1f7f7d22';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const time = fc.double({ min: -1e15, max: 1e15 });
const event: fc.Arbitrary<IRecordEvent> = fc.oneof(
  fc
    .tuple(fc.constantFrom('opened' as const, 'closed' as const, 'heartbeat' as const), time)
    .map(([action, atMs]) => streamEvent(action, atMs)),
  fc
    .tuple(fc.constantFrom('spool-lost' as const, 'companion-down' as const), fc.option(time), time)
    .map(([cause, sinceMs, atMs]) => gapEvent(cause, sinceMs, null, atMs)),
  fc
    .tuple(time, fc.string({ maxLength: 256 }), fc.string({ unit: 'grapheme', maxLength: 100 }))
    .map(([atMs, name, prefix]) =>
      packageEvent({
        action: 'install',
        occurredAtMs: atMs,
        observedAtMs: atMs,
        tool: { name: 'pip', version: null },
        environment: { id: '0123456789abcdef', kind: 'venv', python: '3.11' },
        package: {
          ...{ ecosystem: 'pypi', name, version: '1', requested: null, installer: 'pip' },
          ...{ recordDigest: null, files: 3, origin: 'index' }
        },
        personal: { salt: '0'.repeat(32), prefix, notebook: null, argv: null, directUrl: null }
      })
    )
);

describe('a chain of records', () => {
  it('holds what the protocol declares, each behind the one before it, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), events => {
        let head = NOTHING_YET;
        for (const [index, one] of events.entries()) {
          const record = chainRecord(sha256, BOOT, head, one, ID);
          const parsed = v.parse(AuditRecord, JSON.parse(record.line));
          expect(canonicalJson(parsed)).toBe(record.line);
          expect(record.line).not.toContain('\n');
          expect(record.line.length).toBeLessThan(RECORD_BYTES);
          expect([parsed.seq, parsed.prev]).toEqual([index + 1, head.hash]);
          expect(parsed.personal).toBe(record.personal === null ? null : sha256(record.personal));
          if (record.personal !== null) {
            v.parse(PersonalPart, JSON.parse(record.personal));
          }
          expect(followsHead(record.line, BOOT, head)).toBe(true);
          head = record.head;
          expect(head).toEqual({ seq: index + 1, hash: sha256(record.line) });
        }
      })
    );
  });

  it('does not go on with a record of another stream, another place or another past', () => {
    const { line, head } = chainRecord(sha256, BOOT, NOTHING_YET, streamEvent('opened', 1), ID);
    expect(followsHead(line, ID, NOTHING_YET)).toBe(false);
    expect(followsHead(line, BOOT, head)).toBe(false);
    expect(followsHead(line, BOOT, { seq: 0, hash: head.hash })).toBe(false);
    expect(followsHead('{"seq":', BOOT, NOTHING_YET)).toBe(false);
    expect(followsHead('null', BOOT, NOTHING_YET)).toBe(false);
  });
});
