/**
 * What a warm page costs: `tsc -b && node packages/package-index/test/measure-page.mts`. Prints milliseconds of wall and of
 * our own CPU per request for a project of 6 000 files, whole, compressed and unchanged, and the memory of our process; who
 * asks is another process.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { indexPlugin, PackageIndex } from '../lib/index.js';

const FILES = 6000;
const REQUESTS = 300;
const ACCEPT = 'application/vnd.pypi.simple.v1+json';

/** What one request took: ms, bytes. */
interface ITaken {
  readonly ms: number;
  readonly bytes: number;
  readonly etag: string;
}

if (process.send) {
  const text = page();
  const upstream = createServer((_request, response) =>
    response.writeHead(200, { 'content-type': ACCEPT }).end(text)
  );
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  process.send((upstream.address() as AddressInfo).port);
  process.on('message', (message: { readonly url: string; readonly headers: Record<string, string> }) => {
    void askAll(message.url, message.headers).then(taken => process.send?.(taken));
  });
} else {
  await measure();
}

async function askAll(url: string, headers: Record<string, string>): Promise<readonly ITaken[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const taken: ITaken[] = [];
  for (let left = REQUESTS; left > 0; left--) {
    const began = performance.now();
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      get(url, { agent, headers }, resolve).on('error', reject)
    );
    let bytes = 0;
    for await (const chunk of answer) {
      bytes += (chunk as Buffer).length;
    }
    taken.push({ ms: performance.now() - began, bytes, etag: answer.headers.etag ?? '' });
  }
  agent.destroy();
  return taken;
}

function page(): string {
  return JSON.stringify({
    meta: { 'api-version': '1.4' },
    name: 'large',
    files: Array.from({ length: FILES }, (_, place) => ({
      filename: `large-1.${place}.0-py3-none-any.whl`,
      url: `https://files.example/packages/large-1.${place}.0-py3-none-any.whl`,
      hashes: { sha256: place.toString(16).padStart(8, '0').repeat(8) },
      'requires-python': '>=3.9',
      size: 10_000_000 + place,
      'upload-time': '2026-01-01T00:00:00.000000Z',
      yanked: false,
      'core-metadata': { sha256: place.toString(16).padStart(8, 'a').repeat(8) }
    }))
  });
}

async function measure(): Promise<void> {
  // The other process is the upstream index as well, so that our memory is our own.
  const asker = fork(import.meta.filename, { serialization: 'advanced' });
  const [port] = (await once(asker, 'message')) as [number];
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-measure-'));
  const index = new PackageIndex({
    upstreams: [{ id: 'main', url: `http://127.0.0.1:${port}/simple/` }],
    folder,
    onEvent: () => undefined,
    nowMs: Date.now
  });
  const fastify = Fastify();
  const decision = { rule: null, reason: '', whatNext: '', untilMs: null };
  await fastify.register(
    indexPlugin({
      index,
      askerOf: async () => ({
        who: 'measure',
        decisionClass: 'all',
        policyVersion: '1',
        decide: ({ version }) => ({ ...decision, decision: version?.endsWith('7.0') ? 'deny' : 'allow' })
      })
    })
  );
  const base = await fastify.listen({ host: '127.0.0.1', port: 0 });
  const ask = async (headers: Record<string, string>): Promise<readonly ITaken[]> => {
    asker.send({ url: `${base}/simple/large/`, headers });
    const [taken] = (await once(asker, 'message')) as [readonly ITaken[]];
    return taken;
  };
  const [first] = await ask({ accept: ACCEPT });
  for (const [name, headers] of [
    ['whole', { accept: ACCEPT }],
    ['gzip', { accept: ACCEPT, 'accept-encoding': 'gzip' }],
    ['unchanged', { accept: ACCEPT, 'if-none-match': first?.etag ?? '' }]
  ] as const) {
    const before = process.cpuUsage();
    const taken = await ask(headers);
    const { user, system } = process.cpuUsage(before);
    const times = taken.map(({ ms }) => ms).sort((one, other) => one - other);
    const at = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(2);
    const cpuMs = ((user + system) / 1000 / REQUESTS).toFixed(2);
    console.log(`${name}: p50 ${at(0.5)} p95 ${at(0.95)} ms, CPU ${cpuMs} ms, ${taken[0]?.bytes} bytes`);
  }
  console.log(`memory: ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`);
  asker.kill();
  await fastify.close();
  index.close();
  rmSync(folder, { recursive: true });
}
