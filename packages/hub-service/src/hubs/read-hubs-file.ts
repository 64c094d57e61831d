import { open } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import * as v from 'valibot';
import { codeOf } from '../failure.js';
import { findLine } from '../policy/find-line.js';
import {
  EXPECTED,
  HubEntry,
  HubId,
  MOST_HUBS,
  type IHubSettings,
  type IHubsFile,
  type IHubTrouble
} from './hub-entry.js';

/** What the first hub has already, and no other can have. */
export interface IFirstHub {
  readonly id: string;
  /** Without a slash at its end; null = it is not known. */
  readonly apiUrl: string | null;
  /** The pages' own host; null = there are no pages, or they are not known. */
  readonly pagesOrigin: string | null;
}

/** Longest file, and longest file of a secret, in bytes. */
const FILE_BYTES = 256 * 1024;
const SECRET_BYTES = 4096;
const DEPTH = 4;
const SECRET = /^[\x21-\x7e]{8,128}$/;

const File = v.optional(v.fallback(v.pipe(v.string(), v.maxLength(1024)), ''), '');
const Whole = v.strictObject({ hub: v.optional(v.pipe(v.array(v.unknown()), v.maxLength(MOST_HUBS)), []) });

/**
 * Reads the file of further hubs, strictly. It never throws: what is wrong with one hub must keep out neither another nor
 * the service.
 *
 * @param file - its path.
 */
export async function readHubsFile(file: string, first: IFirstHub): Promise<IHubsFile> {
  const nothing = (sentence: string): IHubsFile => ({
    hubs: [],
    troubles: [{ id: null, sentence }],
    isEmpty: false,
    files: []
  });
  const text = await textOf(file, FILE_BYTES);
  if (text.kind === 'trouble') {
    return nothing(`${file}: expected a file of hubs, and ${text.why}`);
  }
  let toml: unknown;
  try {
    toml = parse(text.text, { maxDepth: DEPTH, unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    // Not what the parser says: it may repeat what stands there.
    const place = error instanceof TomlError ? `, line ${error.line}, column ${error.column}` : '';
    return nothing(`${file}${place}: expected TOML; a text stands in quotation marks.`);
  }
  const troubles: IHubTrouble[] = [];
  const whole = v.safeParse(Whole, toml);
  if (!whole.success) {
    const [issue] = whole.issues;
    const path = pathOf(issue);
    troubles.push({
      id: null,
      sentence: `${file}, line ${findLine(text.text, path)}: expected nothing but entries that begin with [[hub]], at most ${MOST_HUBS}.`
    });
  }
  const list = v.safeParse(v.object({ hub: v.array(v.unknown()) }), toml);
  const entries = list.success ? list.output.hub.slice(0, MOST_HUBS) : [];
  const hubs: IHubSettings[] = [];
  for (const [at, entry] of entries.entries()) {
    const line = (key?: string): string =>
      `${file}, line ${findLine(text.text, ['hub', at, ...(key === undefined ? [] : [key])])}`;
    const read = await readEntry(entry, line, first, hubs);
    if ('trouble' in read) {
      const id = v.safeParse(v.object({ id: HubId }), entry);
      troubles.push({ id: id.success ? id.output.id : null, sentence: read.trouble });
    } else {
      hubs.push(read);
    }
  }
  return { hubs, troubles, isEmpty: text.text === '', files: entries.flatMap(secretFiles) };
}

/** Of an entry, also of one with a mistake: it may be that file that is mended. */
function secretFiles(entry: unknown): readonly string[] {
  const named = v.safeParse(v.object({ token_file: File, client_secret_file: File }), entry);
  return named.success ? Object.values(named.output).filter(path => path !== '') : [];
}

type Line = (key?: string) => string;

async function readEntry(
  entry: unknown,
  line: Line,
  first: IFirstHub,
  before: readonly IHubSettings[]
): Promise<IHubSettings | { readonly trouble: string }> {
  const read = v.safeParse(HubEntry, entry);
  if (!read.success) {
    return { trouble: wrong(read.issues[0], line) };
  }
  const { id, api_url, public_url, service_name: serviceName, client_id: clientId } = read.output;
  const apiUrl = new URL(api_url).href.replace(/\/+$/, '');
  const publicUrl = hubAddress(new URL(public_url));
  if (id === first.id || before.some(hub => hub.id === id)) {
    return {
      trouble: `${line('id')}: id: expected a name of its own, and another hub is called ${id} already.`
    };
  }
  // Its tokens would be good under two names.
  if ([first.apiUrl, ...before.map(hub => hub.apiUrl)].includes(apiUrl)) {
    return { trouble: `${line('api_url')}: api_url: expected another hub's than those before it.` };
  }
  if (first.pagesOrigin !== null && new URL(first.pagesOrigin).hostname === new URL(publicUrl).hostname) {
    return {
      trouble: `${line('public_url')}: public_url: expected another host than the pages', where any user's page could act in a reader's name.`
    };
  }
  const token = await secretOf('token', read.output, line);
  if (token.kind === 'trouble') {
    return { trouble: token.why };
  }
  if (token.text === null) {
    return { trouble: `${line()}: expected token or token_file, the service's token at that hub.` };
  }
  const secret = await secretOf('client_secret', read.output, line);
  if (secret.kind === 'trouble') {
    return { trouble: secret.why };
  }
  return {
    ...{ id, apiUrl, publicUrl, serviceName, token: token.text },
    clientId: clientId ?? `service-${serviceName}`,
    clientSecret: secret.text ?? token.text
  };
}

/** What was expected; never what stands there. */
function wrong(issue: v.BaseIssue<unknown>, line: Line): string {
  const [key = ''] = pathOf(issue).map(String);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return `${line(key)}: ${key}: expected nothing of this name.`;
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') {
    return `${line()}: ${key}: expected ${EXPECTED.get(key) ?? 'a value'}, got none.`;
  }
  return `${line(key)}: ${key || 'hub'}: expected ${EXPECTED.get(key) ?? 'an entry that begins with [[hub]]'}.`;
}

function pathOf(issue: v.BaseIssue<unknown>): (string | number)[] {
  return (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
}

type Told<Text> =
  { readonly kind: 'text'; readonly text: Text } | { readonly kind: 'trouble'; readonly why: string };

/** A secret that stands in the file or in one of its own; null = in neither. */
async function secretOf(
  name: 'token' | 'client_secret',
  entry: HubEntry,
  line: Line
): Promise<Told<string | null>> {
  const inFile = `${name}_file` as const;
  const { [name]: given, [inFile]: path } = entry;
  if (given !== undefined && path !== undefined) {
    return { kind: 'trouble', why: `${line(inFile)}: expected ${name} or ${inFile}, got both.` };
  }
  if (path === undefined) {
    return { kind: 'text', text: given ?? null };
  }
  const read = await textOf(path, SECRET_BYTES);
  if (read.kind === 'trouble') {
    return { kind: 'trouble', why: `${line(inFile)}: ${inFile}: expected a file, and ${read.why}` };
  }
  const text = read.text.trim();
  return SECRET.test(text)
    ? { kind: 'text', text }
    : {
        kind: 'trouble',
        why: `${line(inFile)}: ${inFile}: expected a file with ${EXPECTED.get(name) ?? 'a text'}.`
      };
}

async function textOf(path: string, mostBytes: number): Promise<Told<string>> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes + 1), 0, mostBytes + 1, 0);
      return bytesRead > mostBytes
        ? { kind: 'trouble', why: `it is longer than ${mostBytes} bytes.` }
        : { kind: 'text', text: buffer.toString('utf8', 0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { kind: 'trouble', why: `${path} cannot be read (${codeOf(error) ?? 'it is none'}).` };
  }
}

function hubAddress(url: URL): string {
  const path = url.pathname.replace(/\/*$/, '/');
  return `${url.origin}${path.endsWith('/hub/') ? path : `${path}hub/`}`;
}
