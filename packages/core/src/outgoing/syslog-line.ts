import type { IForwardedRecord } from '@labkeeper/protocol';

/** "log audit" (RFC 5424 §6.2.1). */
const FACILITY = 13;
const NOTICE = 5;
const WARNING = 4;
/** The enterprise number that is kept free for examples (RFC 5612): Labkeeper has none of its own. */
const STRUCTURE = 'labkeeper@32473';
const VALUE_LENGTH = 512;
/** Records of these kinds are worth a second look. */
const NOTABLE: readonly string[] = ['deny', 'gap', 'altered', 'erase', 'offboard', 'trust', 'unreadable'];

/**
 * A record as a message of RFC 5424, in printable ASCII, so that nothing in it can end the message or begin another one.
 * The line of the log is its text; JSON escapes keep its meaning.
 *
 * @param host - name of the hub. @param mostBytes - without the line of the log where it would be longer; null = no limit.
 */
export function syslogLine(record: IForwardedRecord, host: string, mostBytes: number | null): string {
  const severity = NOTABLE.includes(record.action) || record.effect === 'deny' ? WARNING : NOTICE;
  const head = [
    `<${FACILITY * 8 + severity}>1`,
    timeOf(record.receivedAtMs),
    printable(host, 255),
    'labkeeper',
    '-',
    printable(record.action, 32)
  ].join(' ');
  const values = [
    ['index', record.index],
    ['hub', record.hub],
    ['user', record.user],
    ['server', record.server],
    ['ecosystem', record.ecosystem],
    ['package', record.packageName],
    ['version', record.packageVersion],
    ['tool', record.tool],
    ['effect', record.effect],
    ['grade', record.grade],
    ['stream', record.stream],
    ['seq', record.seq]
  ] as const;
  const data = values.flatMap(([name, value]) =>
    value === null ? [] : [` ${name}="${parameter(String(value))}"`]
  );
  const short = `${head} [${STRUCTURE}${data.join('')}]`;
  const long = `${short} ${asciiJson(record.entry)}`;
  return mostBytes !== null && long.length > mostBytes ? short.slice(0, mostBytes) : long;
}

/** JSON without a byte that is no printable ASCII. @param json - a valid JSON text. */
export function asciiJson(json: string): string {
  return json.replace(
    /[^\x20-\x7e]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
}

/** A value of a parameter: `"`, `\` and `]` escaped as §6.3.3 says, everything that is not printable replaced. */
function parameter(value: string): string {
  return [...value]
    .slice(0, VALUE_LENGTH)
    .join('')
    .replace(/[^\x20-\x7e]/gu, '?')
    .replace(/["\\\]]/g, '\\$&');
}

/** A field of the head: no blanks, never empty. */
function printable(text: string, length: number): string {
  return text.replace(/[^\x21-\x7e]/gu, '?').slice(0, length) || '-';
}

function timeOf(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 || date.getUTCFullYear() < 0
    ? '-'
    : date.toISOString();
}
