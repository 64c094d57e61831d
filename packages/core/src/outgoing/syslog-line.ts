import type { Forwarded, IForwardedHole, IForwardedRecord } from '@labkeeper/protocol';
import { HOLE_ACTIONS, holeText } from './hole-words.js';

/** "log audit" (RFC 5424 §6.2.1). */
const FACILITY = 13;
const NOTICE = 5;
const WARNING = 4;
const ERROR = 3;
/** The enterprise number that is kept free for examples (RFC 5612): Labkeeper has none of its own. */
const STRUCTURE = 'labkeeper@32473';
const VALUE_LENGTH = 512;
/** Records of these kinds are worth a second look. */
const NOTABLE: readonly string[] = ['deny', 'gap', 'altered', 'erase', 'offboard', 'trust', 'unreadable'];

/** A message before it is written down. */
interface IMessage {
  readonly severity: number;
  readonly atMs: number;
  readonly action: string;
  /** null = left out. */
  readonly values: readonly (readonly [name: string, value: string | number | null])[];
  /** JSON. */
  readonly text: string;
}

/**
 * A record, or what stands for some that are not there, as a message of RFC 5424, in printable ASCII, so that nothing in it
 * can end the message or begin another one. The line of the log is its text; JSON escapes keep its meaning.
 *
 * @param host - name of the hub. @param mostBytes - without the line of the log where it would be longer; null = no limit.
 */
export function syslogLine(item: Forwarded, host: string, mostBytes: number | null): string {
  const { severity, atMs, action, values, text } = 'hole' in item ? holeMessage(item) : recordMessage(item);
  const head = [
    `<${FACILITY * 8 + severity}>1`,
    timeOf(atMs),
    printable(host, 255),
    'labkeeper',
    '-',
    printable(action, 32)
  ].join(' ');
  const data = values.flatMap(([name, value]) =>
    value === null ? [] : [` ${name}="${parameter(String(value))}"`]
  );
  const short = `${head} [${STRUCTURE}${data.join('')}]`;
  const long = `${short} ${asciiJson(text)}`;
  return mostBytes !== null && long.length > mostBytes ? short.slice(0, mostBytes) : long;
}

function recordMessage(record: IForwardedRecord): IMessage {
  const { action, effect, receivedAtMs, entry } = record;
  return {
    severity: NOTABLE.includes(action) || effect === 'deny' ? WARNING : NOTICE,
    ...{ atMs: receivedAtMs, action, text: entry },
    values: [
      ['index', record.index],
      ['hub', record.hub],
      ['user', record.user],
      ['server', record.server],
      ['ecosystem', record.ecosystem],
      ['package', record.packageName],
      ['version', record.packageVersion],
      ['tool', record.tool],
      ['effect', effect],
      ['grade', record.grade],
      ['stream', record.stream],
      ['seq', record.seq]
    ]
  };
}

/** `index` is that of the first. */
function holeMessage(item: IForwardedHole): IMessage {
  const { hole, atMs, firstIndex, count } = item;
  return {
    severity: hole === 'missing' ? ERROR : NOTICE,
    ...{ atMs, action: HOLE_ACTIONS[hole], text: holeText(item) },
    values: [
      ['index', firstIndex],
      ['count', count]
    ]
  };
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
