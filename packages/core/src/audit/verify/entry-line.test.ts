import * as fc from 'fast-check';
import { canonicalJson } from '../canonical-json.js';
import { opaqueEntry, recordEntry } from '../log-entry.js';
import { parseEntryLine } from './entry-line.js';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const frame = fc.record({
  hub: fc.string({ unit: 'grapheme' }).filter(hub => !/\p{Cs}/u.test(hub)),
  person: fc.uuid(),
  server: fc.uuid(),
  stream: fc.uuid(),
  seq: fc.nat(),
  receivedAtMs: fc.nat()
});

describe('a line with an entry', () => {
  it('gives the exact bytes of any record, whatever is in it', () => {
    const tricky = fc.constantFrom(
      '"},"seq":1,"server":"a","stream":"b"}',
      '"record":',
      '\\',
      '"',
      ',"seq":2'
    );
    const record = fc.dictionary(fc.oneof(tricky, fc.string()), fc.oneof(tricky, fc.jsonValue()));
    fc.assert(
      fc.property(frame, record, fc.nat(), (frame, record, index) => {
        const json = canonicalJson(record);
        const entry = recordEntry(frame, json);
        const parsed = parseEntryLine(Buffer.from(`{"index":${index},"entry":${entry}}`));
        expect(parsed).toMatchObject({
          index,
          digest: null,
          kind: 'record',
          seq: frame.seq,
          receivedAtMs: frame.receivedAtMs
        });
        expect([text(parsed?.entry), text(parsed?.content), text(parsed?.stream)]).toEqual([
          entry,
          json,
          frame.stream
        ]);
      })
    );
  });

  it('gives what could not be read as a record, and its proof', () => {
    const hash = 'ab'.repeat(32);
    const entry = opaqueEntry(
      { hub: 'h', person: 'p', server: 's', stream: 't', seq: 3, receivedAtMs: 4 },
      'AAH/+w=='
    );
    const parsed = parseEntryLine(
      Buffer.from(`{"index":5,"digest":6,"proof":["${hash}","${hash}"],"entry":${entry}}`)
    );
    expect(parsed).toMatchObject({ index: 5, digest: 6, kind: 'opaque', seq: 3 });
    expect([text(parsed?.content), ...(parsed?.proof.map(text) ?? [])]).toEqual(['AAH/+w==', hash, hash]);
  });

  const good =
    '{"index":1,"entry":{"hub":"h","person":"p","receivedAtMs":1,"record":{},"seq":1,"server":"s","stream":"t"}}';
  it.each([
    ['a space', good.replace('"seq":1', '"seq": 1')],
    ['a leading zero', good.replace('"seq":1', '"seq":01')],
    ['an index beyond all numbers', good.replace('"index":1', '"index":99999999999999999999')],
    ['no number', good.replace('"index":1', '"index":')],
    ['a name with a quote', good.replace('"s"', '"\\""')],
    ['an escape that JSON has not', good.replace('"h"', '"\\h"')],
    ['half an escape', good.replace('"h"', '"\\u00g0"')],
    ['a control character', good.replace('"h"', '"\t"')],
    ['no end', good.slice(0, -1)],
    ['more behind it', `${good}}`],
    ['only the beginning', good.slice(0, 50)],
    ['the tail as the record', good.replace('"record":{},', '')],
    ['a short hash', good.replace(',"entry"', ',"digest":1,"proof":["ab"],"entry"')],
    ['a comma too many', good.replace(',"entry"', ',"digest":1,"proof":[,],"entry"')]
  ])('is refused with %s', (_, line) => {
    expect(parseEntryLine(Buffer.from(good))).not.toBeNull();
    expect(parseEntryLine(Buffer.from(line))).toBeNull();
  });

  it('is never read wrongly from any bytes', () => {
    fc.assert(
      fc.property(fc.nat(good.length), fc.string(), (at, noise) => {
        const line = good.slice(0, at) + noise + good.slice(at);
        const parsed = parseEntryLine(Buffer.from(line));
        if (parsed && text(parsed.content) === '{}') {
          const json: unknown = JSON.parse(line);
          expect(json).toMatchObject({
            index: parsed.index,
            entry: { seq: parsed.seq, stream: text(parsed.stream) }
          });
        }
      }),
      { numRuns: 2000 }
    );
  });
});
