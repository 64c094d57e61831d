import { reasonOf } from '@labkeeper/core';
import type { IPageRest } from '../project.js';
import { Turns } from '../turns.js';
import { isHttp, type HttpGet, type IHttpAnswer } from './http-get.js';
import { HtmlNames, JsonNames } from './read-names.js';
import type { IPageDraft } from './page-draft.js';
import type { IPageHead } from './page-head.js';
import { ProjectFiles } from './project-files.js';
import { chunksOf } from './read-body.js';
import { HtmlPage } from './read-html-page.js';
import { JsonPage } from './read-json-page.js';

/** 50 MB: the largest pages there are take less than a tenth. */
export const PAGE_BYTES = 50_000_000;
/** So many answers are waited for at once: more connections make an index slower. */
const ASKED_AT_ONCE = 24;
/** So many pages are read at once: each takes some hundred kilobytes. */
const READ_AT_ONCE = 6;
/** The list of all names took 40 MB as HTML in 2026. */
const NAMES_BYTES = 400_000_000;

const ACCEPT =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';
const JSON_TYPE = /^application\/(?:vnd\.pypi\.simple\.(?:v1|latest)\+json|json)\b/i;
const HTML_TYPE =
  /^(?:application\/vnd\.pypi\.simple\.(?:v1|latest)\+html|text\/html|application\/xhtml\+xml)\b/i;

/** An index that ours takes from. */
export interface IUpstreamOptions {
  /** Short; goes into records. */
  readonly id: string;
  /** Its simple API. May hold a name and a password, which go nowhere else. */
  readonly url: string;
  /**
   * Names that belong to it whatever it says, `*` for any characters: `['acme-*']`. No other index is asked
   * for them, and this one for no others.
   */
  readonly owns?: readonly string[];
}

/** What makes an answer the same as an earlier one. */
export type IValidators = IPageHead['validators'];

/** What an upstream index said. `page` = what it sent is in the draft. */
export type UpstreamAnswer<T> =
  | { readonly kind: 'page'; readonly page: T; readonly validators: IValidators }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly reason: string };

/** What a page of a project says beside its files. */
export interface IUpstreamPage extends IPageRest {
  /** Entries that could not be read, in sentences; the first few. */
  readonly troubles: readonly string[];
}

/** Reads what comes. */
interface IReader<T> {
  write(chunk: Buffer): void;
  end(): T;
}

/** What an upstream index is asked for, and how the answer is read. */
interface IQuestion<T> {
  /** Below its simple API. */
  readonly path: string;
  readonly validators: IValidators | null;
  readonly limitBytes: number;
  readonly draft: Pick<IPageDraft, 'settle'>;
  readonly readerFor: (url: URL, isJson: boolean) => IReader<T>;
}

/** Reads pages of one upstream index: JSON where it has it, else HTML. */
export class Upstream {
  readonly id: string;
  readonly isOwnerOf: (name: string) => boolean;
  /** Whether it is asked only for names that it owns. */
  readonly isLimited: boolean;

  /** @throws Error of one sentence when its address cannot be read. */
  constructor(
    options: IUpstreamOptions,
    private readonly get: HttpGet,
    private readonly pageBytes = PAGE_BYTES
  ) {
    const url = URL.canParse(options.url) ? new URL(options.url) : null;
    if (url === null || !isHttp(url)) {
      throw new Error(`The address of the index ${options.id} is no web address.`);
    }
    if (url.username || url.password) {
      const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      this.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
      url.username = '';
      url.password = '';
    }
    url.search = '';
    url.hash = '';
    url.pathname = url.pathname.replace(/\/*$/, '/');
    this.base = url;
    this.id = options.id;
    const patterns = (options.owns ?? []).map(patternOf);
    this.isLimited = patterns.length > 0;
    this.isOwnerOf = name => patterns.some(pattern => pattern.test(name));
  }

  /**
   * @param name - normalised. @param validators - of what is there already. @param draft - takes the files; whatever comes of
   * it, whoever made it ends it.
   */
  page(
    name: string,
    validators: IValidators | null,
    draft: IPageDraft
  ): Promise<UpstreamAnswer<IUpstreamPage>> {
    const readerFor = (url: URL, isJson: boolean): IReader<IUpstreamPage> => {
      const files = new ProjectFiles(url, file => draft.add(file));
      const page = isJson ? new JsonPage(files) : new HtmlPage(files);
      return {
        write: chunk => page.write(chunk),
        end: () => ({ ...page.end(), troubles: files.troubles })
      };
    };
    const question = { path: `${name}/`, validators, limitBytes: this.pageBytes, draft, readerFor };
    return this.asking.run(() => this.ask(question));
  }

  /** All names that it has. @param draft - takes them, as in `page`. @param onName - a name as it stands there. */
  names(
    validators: IValidators | null,
    draft: Pick<IPageDraft, 'settle'>,
    onName: (name: string) => void
  ): Promise<UpstreamAnswer<void>> {
    const readerFor = (_url: URL, isJson: boolean): IReader<void> =>
      isJson ? new JsonNames(onName) : new HtmlNames(onName);
    const question = { path: '', validators, limitBytes: NAMES_BYTES, draft, readerFor };
    return this.asking.run(() => this.ask(question));
  }

  private async ask<T>(question: IQuestion<T>): Promise<UpstreamAnswer<T>> {
    const { path, validators, limitBytes, draft, readerFor } = question;
    try {
      const answer = await this.get({
        url: new URL(path, this.base),
        headers: {
          accept: ACCEPT,
          'accept-encoding': 'gzip',
          ...this.headersFor(this.base),
          ...(validators?.etag && { 'if-none-match': validators.etag }),
          ...(validators?.lastModified && { 'if-modified-since': validators.lastModified })
        }
      });
      const { status, headers, body, url } = answer;
      if (status !== 200) {
        body.destroy();
        return withoutPage(status);
      }
      const type = headers['content-type'] ?? '';
      const isJson = JSON_TYPE.test(type);
      if (!isJson && !HTML_TYPE.test(type)) {
        body.destroy();
        return { kind: 'failed', reason: `It sent ${type.slice(0, 60) || 'something without a type'}.` };
      }
      const page = await this.reading.run(() => readAll(answer, limitBytes, readerFor(url, isJson), draft));
      return {
        kind: 'page',
        page,
        validators: { etag: headers.etag ?? null, lastModified: headers['last-modified'] ?? null }
      };
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error) };
    }
  }

  /** Headers for a file that its pages name: its credentials stay with its own origin. */
  headersFor(url: URL): Readonly<Record<string, string>> {
    return this.authorization !== null && url.origin === this.base.origin
      ? { authorization: this.authorization }
      : {};
  }

  private readonly asking = new Turns(ASKED_AT_ONCE);
  private readonly reading = new Turns(READ_AT_ONCE);
  private readonly base: URL;
  private readonly authorization: string | null = null;
}

async function readAll<T>(
  answer: IHttpAnswer,
  limitBytes: number,
  reader: IReader<T>,
  draft: Pick<IPageDraft, 'settle'>
): Promise<T> {
  for await (const chunk of chunksOf(answer, limitBytes)) {
    reader.write(chunk);
    await draft.settle();
  }
  return reader.end();
}

function withoutPage(status: number): UpstreamAnswer<never> {
  switch (status) {
    case 304:
      return { kind: 'unchanged' };
    case 404:
    case 410:
      return { kind: 'unknown' };
    default:
      // Whoever may not look cannot say that it is not there.
      return { kind: 'failed', reason: `It answered with status ${status}.` };
  }
}

function patternOf(glob: string): RegExp {
  const parts = glob.toLowerCase().split('*');
  return new RegExp(`^${parts.map(part => escaped(part.replace(/[-_.]+/g, '-'))).join('.*')}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
