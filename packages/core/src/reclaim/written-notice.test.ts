import fc from 'fast-check';
import { NOTHING } from './statement.js';
import { parseNoticeFile, parseNoticeRequest } from './written-notice.js';

const WRITTEN = Date.UTC(2026, 10, 24, 14);
const defaults = {
  key: 'reclaim',
  kind: 'reclaim' as const,
  source: 'file',
  fromMs: WRITTEN,
  revision: '1'
};
const said = (deadlineMs: number | null, change: object = {}) => ({
  says: 'notices',
  notices: [{ key: 'reclaim', kind: 'reclaim', deadlineMs, source: 'file', revision: '1', ...change }]
});

describe('the watched file', () => {
  it.each([
    ['', null],
    ['\n', null],
    ['true\n', null],
    ['120', WRITTEN + 120_000],
    ['0', WRITTEN],
    ['1.5', WRITTEN + 1500],
    ['2026-11-24T14:30:00Z\n', WRITTEN + 30 * 60_000],
    ['1795530600', Date.UTC(2026, 10, 24, 14, 30)],
    ['{}', null],
    ['{"deadline": null}', null],
    ['{"deadline": 90}', WRITTEN + 90_000],
    ['{"deadline": "2026-11-24T15:30:00+01:00"}', WRITTEN + 30 * 60_000]
  ])('reads %j', (text, deadlineMs) =>
    expect(parseNoticeFile(text, defaults, false)).toEqual(said(deadlineMs))
  );

  it('may say why, and who says so', () => {
    const text = '{"deadline": 60, "kind": "maintenance", "source": " node watcher "}';
    expect(parseNoticeFile(text, defaults, false)).toEqual(
      said(WRITTEN + 60_000, { kind: 'maintenance', source: 'node watcher' })
    );
  });

  it.each(['false', 'none\n'])('takes %j for nothing', text =>
    expect(parseNoticeFile(text, defaults, false)).toEqual(NOTHING)
  );

  it('takes the empty file of an annotation that is not set for nothing', () => {
    expect(parseNoticeFile('', defaults, true)).toEqual(NOTHING);
    expect(parseNoticeFile('true', defaults, true)).toEqual(said(null));
  });

  it.each([
    ['words', 'soon', 'the deadline "soon" is no ISO time with a time zone and no number of seconds'],
    ['a time without a zone', '2026-11-24T14:30:00', /no ISO time with a time zone/],
    ['a negative number', '-5', /no ISO time/],
    ['half a year of seconds', '15552000', /more than a week of seconds/],
    ['half a JSON', '{"deadline"', /is no JSON object/],
    ['a list', '{"deadline": [1]}', /the deadline "\[1\]" is no time/],
    ['true as a deadline', '{"deadline": true}', /the deadline "true" is no time/],
    ['a mistyped field', '{"deadlin": 5}', 'there is no field "deadlin", only deadline, kind, source'],
    ['a trial', '{"kind": "trial"}', /the kind is none of/],
    ['a kind that there is not', '{"kind": "toString"}', /the kind is none of/],
    ['a source that is no text', '{"source": 5}', /the source is no name/],
    ['a long source', `{"source": "${'x'.repeat(81)}"}`, /the source is no name/],
    ['too much', `{"source": "${'x'.repeat(70_000)}"}`, /is no JSON object/]
  ])('refuses %s', (_what, text, reason) => {
    const heard = parseNoticeFile(text, defaults, false);
    expect(heard).toEqual({ says: 'nonsense', reason: expect.stringMatching(reason) });
  });
});

describe('the body of a request', () => {
  it('may be empty', () => expect(parseNoticeRequest(' ', defaults)).toEqual(said(null)));

  it('is an object, or nonsense', () => {
    expect(parseNoticeRequest('{"deadline": 30}', defaults)).toEqual(said(WRITTEN + 30_000));
    expect(parseNoticeRequest('30', defaults).says).toBe('nonsense');
    expect(parseNoticeRequest('true', defaults).says).toBe('nonsense');
  });

  it('gets an answer whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map(json => `{"deadline":${json}}`)
        ),
        text => {
          for (const heard of [parseNoticeRequest(text, defaults), parseNoticeFile(text, defaults, false)]) {
            if (heard.says === 'notices') {
              const deadlineMs = heard.notices[0]?.deadlineMs ?? 0;
              expect(Number.isSafeInteger(deadlineMs) && deadlineMs >= 0).toBe(true);
            }
          }
        }
      )
    );
  });
});
