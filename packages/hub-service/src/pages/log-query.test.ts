import { logAddress, readLogQuery } from './log-query.js';

describe('the address of a list', () => {
  it('is read into a filter', () => {
    const query = readLogQuery({
      user: ' alice ',
      server: '(default)',
      grade: 'claimed',
      effect: 'deny',
      from: '2026-11-01',
      until: '2026-11-27',
      tool: '',
      after: '1790000000000.42',
      utm_source: 'ticket'
    });
    expect(query.problems).toEqual([]);
    expect(query.filter).toEqual({
      user: 'alice',
      server: '',
      grade: 'claimed',
      effect: 'deny',
      fromMs: Date.UTC(2026, 10, 1),
      // The day itself is meant too.
      untilMs: Date.UTC(2026, 10, 28)
    });
    expect(query.after).toEqual({ receivedAtMs: 1_790_000_000_000, index: 42 });
  });

  it('is the same for the same view', () => {
    const { fields } = readLogQuery({ user: 'a&b=c', package: '数据' });
    expect(logAddress(fields)).toBe('/log?user=a%26b%3Dc&package=%E6%95%B0%E6%8D%AE');
    expect(logAddress({})).toBe('/log');
    const again = readLogQuery(Object.fromEntries(new URLSearchParams(logAddress(fields).slice(5))));
    expect(again.fields).toEqual(fields);
  });

  it.each([
    [{ usr: 'a' }, /a filter that is not known here: “usr”/],
    [{ user: ['a', 'b'] }, /more than once/],
    [{ user: 'x'.repeat(257) }, /257 characters/],
    [{ action: 'explode' }, /^“action” can only be one of install, upgrade, .*, unreadable\.$/],
    [{ grade: '__proto__' }, /one of confirmed, corroborated, claimed, hub, stream, unreadable\.$/],
    [{ effect: 'toString' }, /one of allow, warn, require-approval, deny\.$/],
    [{ from: '2026-02-31' }, /a day such as/],
    [{ from: 'yesterday' }, /a day such as/],
    [{ from: '2026-11-02', until: '2026-11-01' }, /later than/],
    [{ after: '1.-2' }, /no place in the list/],
    [{ after: '99999999999999999999.1' }, /no place in the list/]
  ])('says what is wrong with %j', (query, sentence) => {
    const { problems } = readLogQuery(query);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(sentence);
  });

  it('is anything at all', () => {
    for (const query of [null, undefined, 7, 'x', []]) {
      expect(readLogQuery(query)).toEqual({ fields: {}, filter: {}, after: null, problems: [] });
    }
  });
});

it('asks for a NUL as it is stored, because PostgreSQL has none', () => {
  const { fields, filter, problems } = readLogQuery({ user: 'a\0b', text: '\0' });
  expect(problems).toEqual([]);
  expect(filter).toEqual({ user: 'a\uFFFDb', text: '\uFFFD' });
  expect(fields.user).toBe('a\0b');
});
