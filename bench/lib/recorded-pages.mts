import { createServer, type Server } from 'node:http';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { machineIndex } from './machine-index.mts';

/** Recorded once a day: what the index says today is what its pages are like. */
const FOLDER = join(tmpdir(), `labkeeper-recorded-pages-${new Date().toISOString().slice(0, 10)}`);
const AT_ONCE = 4;
const TRIES = 5;
const ACCEPT =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';

/** The page of a project as the index of this machine's pip gave it. */
interface IRecordedPage {
  readonly name: string;
  readonly type: string;
  /** Where it came from: its addresses are relative to that. */
  readonly url: string;
  readonly body: Buffer;
}

/** Pages of real projects, byte for byte, from the index that this machine's pip is set to use. */
export async function recordPages(names: readonly string[]): Promise<readonly IRecordedPage[]> {
  mkdirSync(FOLDER, { recursive: true });
  const pages: IRecordedPage[] = [];
  const left = [...names];
  const lane = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) pages.push(await recorded(name));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return pages;
}

/** A server that gives recorded pages as they came. */
export async function servePages(
  pages: readonly IRecordedPage[]
): Promise<{ readonly url: string; readonly close: () => void }> {
  const byName = new Map(pages.map(page => [page.name, page]));
  const server: Server = createServer((request, response) => {
    const page = byName.get((request.url ?? '').split('/')[2] ?? '');
    if (!page) return void response.writeHead(404).end();
    // The addresses stay those of the index that it came from.
    const isHtml = page.type.includes('html');
    const base = isHtml ? `<base href="${page.url}">\n` : '';
    response.writeHead(200, { 'content-type': page.type });
    response.write(base);
    response.end(page.body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    }
  };
}

async function recorded(name: string): Promise<IRecordedPage> {
  const file = join(FOLDER, name);
  if (!existsSync(file)) {
    const { head, body } = await fetched(name);
    writeFileSync(`${file}.part`, Buffer.concat([Buffer.from(`${head}\n`), body]));
    renameSync(`${file}.part`, file);
  }
  const bytes = readFileSync(file);
  const end = bytes.indexOf('\n');
  const { type, url } = JSON.parse(bytes.subarray(0, end).toString());
  return { name, type, url, body: bytes.subarray(end + 1) };
}

async function fetched(name: string): Promise<{ readonly head: string; readonly body: Buffer }> {
  for (let left = TRIES; ; left--) {
    try {
      const answer = await fetch(new URL(`${name}/`, machineIndex()), { headers: { accept: ACCEPT } });
      if (!answer.ok) throw new Error(`the page of ${name} cannot be had: status ${answer.status}`);
      const head = JSON.stringify({ type: answer.headers.get('content-type') ?? '', url: answer.url });
      return { head, body: Buffer.from(await answer.arrayBuffer()) };
    } catch (error) {
      if (left === 0) throw error;
      await pause(1000);
    }
  }
}
