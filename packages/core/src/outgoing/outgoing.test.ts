import type { Announcement, IForwardedHole, IForwardedRecord } from '@labkeeper/protocol';
import {
  asciiJson,
  otlpLogs,
  otlpRejected,
  OUTGOING_ATTEMPTS,
  outgoingPauseMs,
  slackMessage,
  syslogLine
} from './index.js';

const HOSTILE = 'x"] evil="1\n<34>1 - root - - - owned\u0000\u2028\u202E\\]é';
const RECORD: IForwardedRecord = {
  index: 7,
  receivedAtMs: Date.UTC(2026, 10, 27, 9),
  occurredAtMs: Date.UTC(2026, 10, 27, 8),
  hub: 'hub',
  user: HOSTILE,
  server: '',
  action: 'install',
  ecosystem: 'pypi',
  packageName: HOSTILE,
  packageVersion: null,
  tool: 'pip',
  effect: null,
  grade: 'claimed',
  stream: 's',
  seq: 3,
  entry: JSON.stringify({ text: HOSTILE, smile: '😀' })
};

describe('a message of syslog', () => {
  const line = syslogLine(RECORD, 'my hub\n', null);

  it('is printable ASCII in one line, with time, host and priority of RFC 5424', () => {
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(line).toMatch(
      /^<109>1 2026-11-27T09:00:00\.000Z my\?hub\? labkeeper - install \[labkeeper@32473 index="7"/
    );
  });

  it('lets no value end the structured data or begin a parameter', () => {
    const data =
      /^\S+ \S+ \S+ \S+ \S+ \S+ \[(labkeeper@32473(?: [a-z]+="(?:[^"\\\]]|\\["\\\]])*")+)\] \{/.exec(line);
    expect(data?.[1]).toContain('user="x\\"\\] evil=\\"1?<34>1 - root - - - owned');
    expect(data?.[1]).not.toContain(' evil="');
  });

  it('keeps the meaning of the line of the log', () => {
    const text = line.slice(line.indexOf('] {') + 2);
    expect(JSON.parse(text)).toEqual(JSON.parse(RECORD.entry));
    expect(asciiJson('"😀"')).toBe('"\\ud83d\\ude00"');
  });

  it('leaves the line out where a datagram would be too long, and warns of what was blocked', () => {
    const short = syslogLine({ ...RECORD, entry: `"${'x'.repeat(4000)}"` }, 'h', 2048);
    expect(short.endsWith(']')).toBe(true);
    expect(short.length).toBeLessThan(2048);
    expect(syslogLine({ ...RECORD, action: 'deny' }, 'h', null)).toMatch(/^<108>1/);
  });
});

describe('records that are not there', () => {
  const hole: IForwardedHole = {
    ...{ hole: 'missing', firstIndex: 7, count: 2 },
    atMs: Date.UTC(2026, 10, 27, 9)
  };

  it('are a message of syslog of their own, in their place', () => {
    expect(syslogLine(hole, 'h', 2048)).toBe(
      '<107>1 2026-11-27T09:00:00.000Z h labkeeper - missing-records [labkeeper@32473 index="7" count="2"] ' +
        '{"missing":{"firstIndex":7,"count":2},' +
        '"message":"Missing from the log, and no act of retention deleted them: records 7 to 8."}'
    );
    const deleted = syslogLine({ ...hole, hole: 'deleted', count: 1 }, 'h', null);
    expect(deleted).toMatch(/^<109>1 \S+ h labkeeper - deleted-records /);
    expect(JSON.parse(deleted.slice(deleted.indexOf('] {') + 2))).toMatchObject({
      gone: { firstIndex: 7, count: 1 }
    });
  });

  it('are a log record of OTLP, graver where nothing says why', () => {
    const body = JSON.stringify(otlpLogs([hole, RECORD, { ...hole, hole: 'deleted' }], 'hub', 'b'));
    expect(body).toMatch(/missing-records[^]*"labkeeper\.install"[^]*deleted-records/);
    expect(body).toContain('"severityText":"ERROR","eventName":"labkeeper.missing-records"');
    expect(body).toContain('"severityText":"INFO","eventName":"labkeeper.deleted-records"');
    expect(body).toContain('{"key":"labkeeper.count","value":{"intValue":"2"}}');
  });
});

describe('a message for a chat', () => {
  const message = (data: Partial<Extract<Announcement, { type: 'install.blocked' }>['data']>) =>
    slackMessage({
      type: 'install.blocked',
      timestamp: '2026-11-27T09:00:00.000Z',
      data: {
        hub: 'hub',
        user: 'anna',
        server: '',
        ecosystem: 'pypi',
        package: 'evil',
        version: '1.0',
        rule: 'r1',
        reason: 'No.',
        index: 4,
        ...data
      }
    });

  it('escapes &, < and >, mentions, and formats', () => {
    const { text, blocks } = message({ reason: '<!channel> <https://evil|ok> & *bold* @here\n\u202E' });
    const all = JSON.stringify([text, blocks]);
    expect(all).not.toMatch(/<!|<https|@here|[^:]\*bold/);
    expect(text).toContain('&lt;');
    expect(text).toContain('&amp;');
    expect(all).not.toContain('\u202E');
  });

  it('lets nobody make a link in Markdown, and leaves the address of the page one', () => {
    const { text, blocks } = message({ reason: 'See [the hub](https://evil.example) or WWW.evil.example' });
    expect(JSON.stringify([text, blocks])).not.toMatch(/\]\(|:\/\/|www\./i);
    const made = slackMessage({
      type: 'request.made',
      timestamp: '2026-11-27T09:00:00.000Z',
      data: {
        ...{
          hub: 'hub',
          id: 'r1',
          user: 'anna',
          kind: 'help',
          title: 'http://evil.example',
          state: 'requested'
        },
        ...{ by: null, reason: null, link: 'https://labkeeper.example/requests/r1' }
      }
    });
    expect(made.text).toContain('https://labkeeper.example/requests/r1');
    expect(made.text).not.toContain('http://');
  });

  it('is never longer than a chat takes', () => {
    const { text, blocks } = message({ reason: '&'.repeat(1024), package: 'p'.repeat(256) });
    expect(text.length).toBeLessThanOrEqual(3000);
    expect(JSON.stringify(blocks)).not.toMatch(/&[a-z]{0,3}…/);
    expect(blocks).toHaveLength(2);
  });
});

it('gives OTLP its times as texts of nanoseconds and its integers as texts', () => {
  const body = JSON.stringify(otlpLogs([{ ...RECORD, occurredAtMs: 1e300 }], 'hub', 'b'));
  expect(body).toContain('"timeUnixNano":"0"');
  expect(body).toContain('"observedTimeUnixNano":"1795770000000000000"');
  expect(body).toContain('{"key":"labkeeper.index","value":{"intValue":"7"}}');
});

it.each([
  ['', 0, null],
  ['{}', 0, null],
  ['OK', 0, null],
  ['{"partialSuccess":{}}', 0, null],
  ['{"partialSuccess":null}', 0, null],
  ['{"partialSuccess":{"rejectedLogRecords":"0","errorMessage":"slow down"}}', 0, null],
  ['{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":" too long "},"more":1}', 3, 'too long'],
  ['{"partialSuccess":{"rejectedLogRecords":3}}', 3, null],
  ['{"partialSuccess":{"rejectedLogRecords":"999999999999999"}}', 500, null],
  ['{"partialSuccess":{"rejectedLogRecords":"-3"}}', 0, null],
  ['{"partialSuccess":{"rejectedLogRecords":1.5}}', 0, null],
  ['{"partialSuccess":{"rejectedLogRecords":"1e3"}}', 0, null],
  ['{"partialSuccess":{"rejectedLogRecords":3,"errorMessage":7}}', 0, null],
  ['['.repeat(9000), 0, null]
])('takes an OTLP answer by its word and not further: %s', (answer, count, says) => {
  expect(otlpRejected(answer, 500)).toEqual({ count, says });
});

describe('pauses between tries', () => {
  it('grow, scatter, and have an end', () => {
    expect(outgoingPauseMs(1, 0, null)).toBe(2500);
    expect(outgoingPauseMs(1, 1, null)).toBe(5000);
    expect(outgoingPauseMs(4, 1, null)).toBe(320_000);
    expect(outgoingPauseMs(13, 1, null)).toBe(6 * 3_600_000);
    expect(outgoingPauseMs(OUTGOING_ATTEMPTS, 0.5, null)).toBeNull();
  });

  it('are at least what the target asks for, within bounds', () => {
    expect(outgoingPauseMs(1, 0, 60_000)).toBe(60_000);
    expect(outgoingPauseMs(1, 0, 1e12)).toBe(6 * 3_600_000);
  });
});
