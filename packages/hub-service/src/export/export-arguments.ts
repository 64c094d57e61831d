import { parseArgs } from 'node:util';
import type { ILogFilter } from '../store/log-reader.js';
import type { ExportFormat, IExportRange } from './export-source.js';

/** What was asked for on the command line. */
export interface IExportArguments extends IExportRange {
  readonly out: string;
  readonly format: ExportFormat;
  /** Whether personal parts are written too, to a second file. */
  readonly isPersonal: boolean;
}

/** How it is used. */
export const EXPORT_USAGE =
  'usage: labkeeper export --out FILE [--format jsonl|csv|ocsf] [--first INDEX] [--end INDEX] [--personal] ' +
  '[--hub NAME] [--user NAME] [--group NAME] [--server NAME] [--image TEXT] [--package NAME] [--version VERSION] [--tool NAME] ' +
  '[--action NAME] [--effect NAME] [--grade GRADE] [--from TIME] [--until TIME] [--text TEXT]';

/** The command line is wrong. The message says how, and how it is used. */
export class ExportUsageError extends Error {
  override readonly name = 'ExportUsageError';
}

const TEXTS = [
  'hub',
  'user',
  'group',
  'server',
  'image',
  'package',
  'version',
  'tool',
  'action',
  'effect',
  'text'
] as const satisfies readonly (keyof ILogFilter)[];
const GRADES = ['confirmed', 'corroborated', 'claimed', 'hub', 'stream', 'unreadable'] as const;
const FORMATS = ['jsonl', 'csv', 'ocsf'] as const satisfies readonly ExportFormat[];

/** @throws ExportUsageError. */
export function readExportArguments(words: readonly string[]): IExportArguments {
  try {
    return read(words);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExportUsageError(`${reason}\n${EXPORT_USAGE}`, { cause: error });
  }
}

function read(words: readonly string[]): IExportArguments {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      ...{ out: text, format: text, first: text, end: text, from: text, until: text, grade: text },
      ...{ hub: text, user: text, group: text, server: text, image: text, package: text, version: text },
      ...{ tool: text, action: text, effect: text, text },
      personal: { type: 'boolean', default: false }
    }
  });
  if (values.out === undefined) {
    throw new Error('Name the file with --out.');
  }
  const filter: { -readonly [Name in keyof ILogFilter]: ILogFilter[Name] } = {};
  for (const name of TEXTS) {
    const value = values[name];
    if (value !== undefined) {
      filter[name] = value;
    }
  }
  if (values.grade !== undefined) {
    filter.grade = oneOf(GRADES, values.grade, '--grade');
  }
  if (values.from !== undefined) {
    filter.fromMs = time(values.from, '--from');
  }
  if (values.until !== undefined) {
    filter.untilMs = time(values.until, '--until');
  }
  const format = oneOf(FORMATS, values.format ?? 'jsonl', '--format');
  if (values.personal && format !== 'jsonl') {
    throw new Error('Personal parts go only with jsonl.');
  }
  return {
    out: values.out,
    format,
    isPersonal: values.personal,
    filter: Object.keys(filter).length > 0 ? filter : null,
    firstIndex: values.first === undefined ? 0 : index(values.first, '--first'),
    endIndex: values.end === undefined ? null : index(values.end, '--end')
  };
}

function oneOf<Name extends string>(names: readonly Name[], value: string, option: string): Name {
  const found = names.find(name => name === value);
  if (found === undefined) {
    throw new Error(`${option} is one of ${names.join(', ')}.`);
  }
  return found;
}

function index(value: string, option: string): number {
  if (!/^\d{1,15}$/.test(value)) {
    throw new Error(`${option} is the number of a record, from 0 on.`);
  }
  return Number(value);
}

/** Epoch ms. */
function time(value: string, option: string): number {
  const atMs = Date.parse(value);
  if (Number.isNaN(atMs)) {
    throw new Error(`${option} is a time such as 2026-11-27T04:00:00Z.`);
  }
  return atMs;
}
