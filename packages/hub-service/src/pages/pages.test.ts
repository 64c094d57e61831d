import { Browser } from './browser.test.data.js';
import { START_MS } from './memory-log.test.data.js';

/** Whatever a container may put into any field. */
const EVIL = `<script>alert(1)</script>"'&\u202Egpj.\u0000\u001b[31m\u200B`;
const SEEN =
  '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;<span class="code-point" title="A character that would not be seen, or would mislead">U+202E</span>gpj.';

const evil = {
  user: EVIL,
  server: EVIL,
  record: {
    tool: { name: EVIL, version: EVIL },
    package: {
      ecosystem: 'pypi' as const,
      name: EVIL,
      version: EVIL,
      requested: null,
      installer: EVIL,
      recordDigest: null,
      files: null,
      origin: 'direct' as const
    },
    environment: { id: '0123456789abcdef', kind: 'venv' as const, python: EVIL },
    decision: { effect: 'deny' as const, ruleId: EVIL, policyDigest: 'b'.repeat(64), reason: EVIL },
    evidence: [{ source: 'report' as const, ref: EVIL }]
  },
  personal: {
    salt: '0'.repeat(32),
    prefix: EVIL,
    notebook: EVIL,
    argv: [EVIL, EVIL],
    directUrl: `javascript:${EVIL}`
  }
};

describe('the install log', () => {
  it('shows the newest first, says how many match, and goes on with the older ones', async () => {
    const browser = await Browser.open();
    for (let at = 0; at < 120; at += 1) {
      browser.log.add({ user: at % 2 ? 'alice' : 'bob' });
    }
    const first = (await browser.visit('/log')).body;
    expect(first).toContain('120 records, the newest first; 50 on this page');
    expect(rows(first)).toEqual(range(119, 70));
    const second = (await browser.ask(older(first))).body;
    expect(rows(second)).toEqual(range(69, 20));
    const third = (await browser.ask(older(second))).body;
    expect(rows(third)).toEqual(range(19, 0));
    expect(third).toContain('These are the oldest.');
    expect(third).not.toContain('rel="next"');
    expect((await browser.ask('/log?after=1.0')).body).toContain('There are no older records.');
  });

  it('says 1,000+ where there are more', async () => {
    const browser = await Browser.open();
    for (let at = 0; at < 1001; at += 1) {
      browser.log.add({});
    }
    expect((await browser.visit('/log')).body).toContain('1,000+ records, the newest first; 50 on this page');
  });

  it('filters by what stands in the address, and keeps it in the form and in its links', async () => {
    const browser = await Browser.open();
    for (let at = 0; at < 60; at += 1) {
      browser.log.add({ server: 'big' });
    }
    browser.log.add({ user: 'bob' });
    const page = (await browser.visit('/log?user=alice&server=big&grade=corroborated&from=2026-11-27&utm=x'))
      .body;
    expect(page).toContain('60 records');
    expect(page).toMatch(/name="user"[^>]*value="alice"/);
    expect(page).toMatch(/<option value="corroborated" selected="">/);
    // What is set stands above the list; the form is folded up where it would hide that.
    expect(page).toContain('<details class="fold"><summary>Filters: 4 set</summary>');
    expect(page).toContain('<details><summary>More filters: 2 set</summary>');
    expect(page).toContain('aria-label="Remove the filter Evidence"');
    expect((await browser.ask('/log')).body).toContain(
      '<details class="fold" open=""><summary>Filters</summary>'
    );
    expect(older(page)).toMatch(
      /^\/log\?user=alice&server=big&grade=corroborated&from=2026-11-27&after=\d+\.\d+$/
    );
    // Each filter can be taken away by itself.
    expect(page).toContain('href="/log?user=alice&amp;grade=corroborated&amp;from=2026-11-27"');
    expect((await browser.ask('/log?user=bob&server=(default)')).body).toContain(
      '1 record, the newest first'
    );
    expect((await browser.ask('/log?until=2026-11-26')).body).toContain(
      'No record matches all of these filters.'
    );
  });

  it('says what will appear where nothing is yet', async () => {
    const browser = await Browser.open();
    const page = (await browser.visit('/log')).body;
    expect(page).toContain('Nothing has been recorded yet.');
    expect(page).toContain('appears here within seconds');
  });

  it('says what cannot be asked, and looks nothing up', async () => {
    const browser = await Browser.open();
    await browser.visit('/status');
    const answer = await browser.ask('/log?from=2026-02-31&user=alice');
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('“From” should be a day such as 2026-11-27.');
    expect(answer.body).toMatch(/name="user"[^>]*value="alice"/);
    expect(answer.body).toContain('<details class="fold" open="">');
    expect(browser.log.seen).toEqual([]);
  });
});

describe('a record', () => {
  it('tells its whole story', async () => {
    const browser = await Browser.open();
    for (let at = 0; at < 12; at += 1) {
      browser.log.add({ digest: 3 });
    }
    const { body } = await browser.visit('/log/6');
    for (const part of [
      'Installed: polars 1.31.0',
      'A tool reported it, and it lies on the disk.',
      '<time dateTime="2026-11-27T04:00:06.000Z" title="2026-11-27T04:00:06.000Z">2026-11-27 04:00:06 UTC</time>',
      'pip 25.3',
      'a terminal',
      'No decision is on record for it.',
      'Whether policy allowed it is not known',
      'covered by digest 3',
      'http://127.0.0.2:8010/log/6',
      '&quot;schema&quot;:&quot;labkeeper.install/1&quot;'
    ]) {
      expect(body.toLowerCase()).toContain(part.toLowerCase());
    }
    expect(rows(body)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(/<tr role="row" aria-current="true">.*?#6</.test(body)).toBe(true);
  });

  it('says that no digest covers it yet, and what a gap is', async () => {
    const browser = await Browser.open();
    browser.log.add({
      record: {
        action: 'gap',
        package: null,
        tool: null,
        environment: null,
        evidence: [],
        surface: 'unknown',
        gap: { cause: 'spool-lost', sinceMs: null, count: null }
      }
    });
    const { body } = await browser.visit('/log/0');
    expect(body).toContain('not yet covered by a digest');
    expect(body).toContain('The records that waited in the container are gone or cannot be read.');
    expect(body).toContain('How many records are missing is not known.');
    expect(body).toContain('Nothing had to be decided.');
  });

  it('shows what could not be read, and what was erased', async () => {
    const browser = await Browser.open();
    browser.log.add({ opaque: 'AAH/', user: null, server: null });
    const { body } = await browser.visit('/log/0');
    expect(body).toContain('Could not be read');
    expect(body).toContain('&quot;opaque&quot;:&quot;AAH/&quot;');
    expect(body).toContain('erased');
  });

  it.each(['/log/7', '/log/-1', '/log/1e3', '/log/999999999999999', '/log/x', '/log/0x1'])(
    '%s is none',
    async path => {
      const browser = await Browser.open();
      browser.log.add({});
      await browser.visit('/log');
      const answer = await browser.ask(path);
      expect(answer.statusCode).toBe(404);
      expect(answer.body).toContain('There is no such record, or you may not read it.');
    }
  );
});

it('markup and characters that are not seen are text on every page, whatever field they stand in', async () => {
  const browser = await Browser.open();
  browser.hub.people.set('lead', {
    name: EVIL,
    groups: [],
    scopes: ['access:services', 'custom:labkeeper:audit']
  });
  browser.log.add(evil);
  for (const path of ['/log', '/log/0', `/log?user=${encodeURIComponent(EVIL)}`, '/looks', '/status']) {
    const { body, statusCode } = await browser.visit(path);
    expect(statusCode).toBe(200);
    expect(body).toContain(SEEN);
    expect(body).not.toContain('<script');
    expect(body).not.toMatch(/href="(?!\/|#|http:\/\/127\.0\.0\.2:8010\/)/);
    expect(body).not.toMatch(/ (on\w+|style)=/);
    // In the text itself, not in what is typed into a field.
    expect(body.replace(/value="[^"]*"/g, '')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u200b\u202e]/);
  }
});

describe('looks', () => {
  it('are on record before anything is shown, with what was asked for', async () => {
    const browser = await Browser.open();
    browser.log.add({});
    await browser.visit('/log?package=polars&utm_source=ticket');
    await browser.ask('/log/0');
    await browser.ask('/log/5');
    await browser.ask('/status');
    const { body } = await browser.ask('/looks');
    expect(browser.log.seen.map(({ hub, reader, kind, query }) => [hub, reader, kind, query])).toEqual([
      ['hub', 'lead', 'looks', '/looks'],
      ['hub', 'lead', 'story', '/log/5'],
      ['hub', 'lead', 'story', '/log/0'],
      ['hub', 'lead', 'list', '/log?package=polars']
    ]);
    expect(body).toContain('/log?package=polars');
    expect(body).toContain('The newest 4 looks');
  });

  it('that cannot be put on record show nothing', async () => {
    const browser = await Browser.open();
    browser.log.add({});
    await browser.visit('/status');
    browser.log.trouble = new Error('disk full at /var/lib/x');
    for (const path of ['/log', '/log/0', '/looks']) {
      const answer = await browser.ask(path);
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '10']);
      expect(answer.body).toContain(
        'Nothing is shown, because your look at the log could not be put on record'
      );
      expect(answer.body).not.toMatch(/polars|disk full/);
    }
    expect(browser.lines.join('')).toContain('disk full at /var/lib/x');
  });

  it('a broken database is one sentence', async () => {
    const browser = await Browser.open();
    await browser.visit('/signed-out');
    await browser.visit('/log');
    browser.log.broken = new Error('secret detail');
    for (const path of ['/log', '/log/0', '/looks', '/status']) {
      const answer = await browser.ask(path);
      expect(answer.statusCode).toBe(503);
      expect(answer.body).toContain('the database does not answer as it should');
      expect(answer.body).not.toMatch(/secret detail|at .*\.ts/);
    }
  });
});

describe('the status', () => {
  it('says what is there and what to do', async () => {
    const browser = await Browser.open();
    const empty = (await browser.visit('/status')).body;
    expect(empty).toContain('Nothing has been recorded yet.');
    browser.log.add({});
    browser.nowMs = START_MS + 3 * 3_600_000;
    const late = (await browser.ask('/login?next=/status')) && (await browser.visit('/status')).body;
    expect(late).toContain('Records have waited for more than two hours to be covered by a digest.');
    expect(late).toContain('1 record; the next digest covers them');
    browser.log.add({ digest: 0 });
    expect(late).toContain('http://127.0.0.2:8010');
    expect(late).not.toContain('Months');
  });

  it.each([
    ['busy', 0, ['Somebody reads the tables of the log for long']],
    ['forbidden', 1, ['may have to be allowed to create tables', '1 record is in no month of the log']],
    [
      'other',
      10_000,
      ['the log of the service says why', '10,000 records or more are in no month of the log']
    ],
    [null, 0, []]
  ] as const)('says how the months of the log stand (%s, %d strays)', async (trouble, strays, sentences) => {
    const partitions = { trouble, strays, madeUntilMs: Date.UTC(2027, 2, 1) };
    const browser = await Browser.open({ partitions: () => Promise.resolve(partitions) });
    browser.log.add({});
    const { body } = await browser.visit('/status');
    expect(body).toContain('2027-03-01');
    expect(body.includes('The coming months of the log could not be made')).toBe(trouble !== null);
    expect(body.includes('in its default partition')).toBe(strays > 0);
    for (const sentence of sentences) {
      expect(body).toContain(sentence);
    }
  });
});

/** Numbers of the records in a table, as they stand. */
function rows(page: string): number[] {
  return [...page.matchAll(/<a href="\/log\/(\d+)">#\1<\/a>/g)].map(match => Number(match[1]));
}

function older(page: string): string {
  return (/href="([^"]+)" rel="next"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&');
}

function range(from: number, to: number): number[] {
  return Array.from({ length: from - to + 1 }, (_none, at) => from - at);
}
