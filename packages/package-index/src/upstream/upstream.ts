import { reasonOf } from '@labkeeper/core';
import type { IProject } from '../project.js';
import { isHttp, type HttpGet, type IHttpAnswer } from './http-get.js';
import { readBody } from './read-body.js';
import { readHtmlPage } from './read-html-page.js';
import { readJsonPage } from './read-json-page.js';

/** 50 MB: the largest pages there are take less than a tenth. */
export const PAGE_BYTES = 50_000_000;

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
export interface IValidators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export type UpstreamAnswer =
  | { readonly kind: 'page'; readonly project: IProject; readonly validators: IValidators }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly reason: string };

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

  /** @param name - normalised. @param validators - of what is there already. */
  async page(name: string, validators: IValidators | null): Promise<UpstreamAnswer> {
    try {
      const answer = await this.get({
        url: new URL(`${name}/`, this.base),
        headers: {
          accept: ACCEPT,
          'accept-encoding': 'gzip',
          ...this.headersFor(this.base),
          ...(validators?.etag && { 'if-none-match': validators.etag }),
          ...(validators?.lastModified && { 'if-modified-since': validators.lastModified })
        }
      });
      return await this.read(name, answer);
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

  private async read(name: string, answer: IHttpAnswer): Promise<UpstreamAnswer> {
    const { status, headers, body, url } = answer;
    if (status !== 200) {
      body.destroy();
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
    const type = headers['content-type'] ?? '';
    const parse = JSON_TYPE.test(type) ? readJsonPage : HTML_TYPE.test(type) ? readHtmlPage : null;
    if (parse === null) {
      body.destroy();
      return { kind: 'failed', reason: `It sent ${type.slice(0, 60) || 'something without a type'}.` };
    }
    const text = (await readBody(answer, this.pageBytes)).toString('utf8');
    return {
      kind: 'page',
      project: parse(name, text, url),
      validators: { etag: headers.etag ?? null, lastModified: headers['last-modified'] ?? null }
    };
  }

  private readonly base: URL;
  private readonly authorization: string | null = null;
}

function patternOf(glob: string): RegExp {
  const parts = glob.toLowerCase().split('*');
  return new RegExp(`^${parts.map(part => escaped(part.replace(/[-_.]+/g, '-'))).join('.*')}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
