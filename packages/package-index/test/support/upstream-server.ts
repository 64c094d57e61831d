import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { IMadeFile } from './make-wheel.js';

/** A file as the upstream index of a test lists it. */
export interface IServedFile extends IMadeFile {
  readonly yanked?: string | boolean;
  readonly requiresPython?: string;
  readonly uploadTime?: string;
  readonly provenance?: string;
  /** What the page says in place of the true hash; null = nothing. */
  readonly promised?: string | null;
  /** Content of `.metadata`, which the page then offers. */
  readonly metadata?: Buffer;
}

export interface IServedProject {
  readonly files: readonly IServedFile[];
  readonly status?: { readonly status: string; readonly reason?: string };
}

/** Answers in place of the server. @returns whether it did. */
type Instead = (request: IncomingMessage, response: ServerResponse) => boolean;

/** An upstream index on this machine that counts what it is asked for: rich as the public one, or poor as many mirrors. */
export class UpstreamServer {
  static async start(): Promise<UpstreamServer> {
    const server = new UpstreamServer();
    await new Promise<void>(resolve => server.server.listen(0, '127.0.0.1', resolve));
    server.port = (server.server.address() as AddressInfo).port;
    return server;
  }

  readonly projects = new Map<string, IServedProject>();
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = [];
  form: 'json' | 'html' = 'json';
  knowsRanges = true;
  knowsTags = true;
  instead: Instead | null = null;

  get url(): string {
    return `http://127.0.0.1:${this.port}/simple/`;
  }

  /** How often something was asked for. */
  count(part: string): number {
    return this.requests.filter(({ path }) => path.includes(part)).length;
  }

  /** Nobody gets an answer any more, and who waits for one is cut off. */
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url ?? '/', 'http://upstream').pathname;
    this.requests.push({ path, headers: request.headers });
    if (this.instead?.(request, response)) {
      return;
    }
    const [, kind, name = '', rest = ''] = path.split('/');
    if (path === '/simple/') {
      return this.list(request, response);
    }
    const project = this.projects.get(name);
    if (kind === 'simple' && project) {
      return this.page(request, response, name, project);
    }
    const filename = decodeURIComponent(rest).replace(/\.(?:metadata|provenance)$/, '');
    const file = project?.files.find(one => one.filename === filename);
    if (kind !== 'files' || !file) {
      response.writeHead(404).end();
    } else if (rest.endsWith('.metadata')) {
      response.writeHead(file.metadata ? 200 : 404).end(file.metadata);
    } else if (rest.endsWith('.provenance')) {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"version":1,"attestation_bundles":[]}');
    } else {
      this.file(request, response, file.bytes);
    }
  }

  private list(request: IncomingMessage, response: ServerResponse): void {
    const names = [...this.projects.keys()];
    const links = names.map(name => `<a href="/simple/${name}/">${name}</a>`).join('\n');
    const text =
      this.form === 'json' ? namesPage(names) : `<!DOCTYPE html><html><body>${links}</body></html>`;
    this.send(request, response, text);
  }

  private page(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    project: IServedProject
  ): void {
    this.send(request, response, this.form === 'json' ? jsonPage(name, project) : htmlPage(name, project));
  }

  private send(request: IncomingMessage, response: ServerResponse, text: string): void {
    const isJson = this.form === 'json';
    const etag = `"${createHash('sha256').update(text).digest('hex')}"`;
    if (this.knowsTags && request.headers['if-none-match'] === etag) {
      return void response.writeHead(304, { etag }).end();
    }
    response
      .writeHead(200, {
        'content-type': isJson ? 'application/vnd.pypi.simple.v1+json' : 'text/html; charset=utf-8',
        'content-encoding': 'gzip',
        ...(this.knowsTags && { etag })
      })
      .end(gzipSync(text));
  }

  private file(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
    const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (!this.knowsRanges || from === undefined) {
      return void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    }
    const first = from === '' ? Math.max(0, bytes.length - Number(to)) : Number(from);
    const last = from === '' || !to ? bytes.length - 1 : Math.min(Number(to), bytes.length - 1);
    const part = bytes.subarray(first, last + 1);
    response
      .writeHead(206, {
        'content-length': part.length,
        'content-range': `bytes ${first}-${last}/${bytes.length}`
      })
      .end(part);
  }

  private port = 0;
  private readonly server: Server = createServer((request, response) => this.answer(request, response));
}

function namesPage(names: readonly string[]): string {
  return JSON.stringify({ meta: { 'api-version': '1.4' }, projects: names.map(name => ({ name })) });
}

function jsonPage(name: string, { files, status }: IServedProject): string {
  return JSON.stringify({
    meta: { 'api-version': '1.4' },
    name,
    ...(status && { 'project-status': status }),
    files: files.map(file => ({
      filename: file.filename,
      url: `../../files/${name}/${encodeURIComponent(file.filename)}`,
      hashes: file.promised === null ? {} : { sha256: file.promised ?? file.sha256 },
      size: file.bytes.length,
      ...(file.requiresPython && { 'requires-python': file.requiresPython }),
      ...(file.uploadTime && { 'upload-time': file.uploadTime }),
      ...(file.provenance && { provenance: file.provenance }),
      yanked: file.yanked ?? false,
      ...(file.metadata && {
        'core-metadata': { sha256: createHash('sha256').update(file.metadata).digest('hex') }
      })
    }))
  });
}

function htmlPage(name: string, { files }: IServedProject): string {
  const links = files.map(file => {
    const hash = file.promised === null ? '' : `#sha256=${file.promised ?? file.sha256}`;
    const yanked = file.yanked ? ` data-yanked="${file.yanked === true ? '' : file.yanked}"` : '';
    const python = file.requiresPython
      ? ` data-requires-python="${file.requiresPython.replace('>', '&gt;')}"`
      : '';
    return `<a href="../../files/${name}/${file.filename}${hash}"${yanked}${python}>${file.filename}</a><br/>`;
  });
  return `<!DOCTYPE html><html><body><h1>Links for ${name}</h1>${links.join('\n')}</body></html>`;
}
