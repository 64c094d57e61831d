import * as fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';
import { opaqueEntry, recordEntry } from './log-entry.js';

const frame = { hub: 'h', person: 'p', server: 's', stream: 't', seq: 7, receivedAtMs: 1_790_000_000_000 };

describe('an entry of the log', () => {
  it('is canonical JSON with the exact bytes of the record', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), value => {
        const record = canonicalJson(value);
        const entry = recordEntry(frame, record);
        expect(entry).toBe(canonicalJson({ ...frame, record: JSON.parse(record) }));
        expect(entry).toContain(record);
      })
    );
  });

  it('keeps what could not be read', () => {
    expect(opaqueEntry(frame, 'AAH/')).toBe(
      '{"hub":"h","opaque":"AAH/","person":"p","receivedAtMs":1790000000000,"seq":7,"server":"s","stream":"t"}'
    );
  });
});
