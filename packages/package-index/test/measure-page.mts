/**
 * What a warm page costs: `node packages/package-index/test/measure-page.mts` after `tsc -b`. Prints milliseconds of wall and
 * CPU per request for a project of 6 000 files, whole, compressed and unchanged, and the memory of the process.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { indexPlugin, PackageIndex } from '../lib/index.js';

const FILES = 6000;
const REQUESTS = 300;

const page = JSON.stringify({
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
const upstream = createServer((_request, response) =>
  response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' }).end(page)
);
const address = async (server: typeof upstream): Promise<string> => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const folder = mkdtempSync(join(tmpdir(), 'labkeeper-measure-'));
const index = new PackageIndex({
  upstreams: [{ id: 'main', url: `${await address(upstream)}/simple/` }],
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
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** @returns ms, and bytes. */
async function once(
  headers: Readonly<Record<string, string>>
): Promise<{ ms: number; bytes: number; etag: string }> {
  const began = performance.now();
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    get(`${base}/simple/large/`, { agent, headers }, resolve).on('error', reject)
  );
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
  }
  return { ms: performance.now() - began, bytes, etag: answer.headers.etag ?? '' };
}

const accept = 'application/vnd.pypi.simple.v1+json';
const first = await once({ accept });
console.log(`first: ${first.ms.toFixed(1)} ms, ${first.bytes} bytes`);
for (const [name, headers] of [
  ['whole', { accept }],
  ['gzip', { accept, 'accept-encoding': 'gzip' }],
  ['unchanged', { accept, 'if-none-match': first.etag }]
] as const) {
  const times: number[] = [];
  let bytes = 0;
  const before = process.cpuUsage();
  for (let left = REQUESTS; left > 0; left--) {
    const answer = await once(headers);
    times.push(answer.ms);
    bytes = answer.bytes;
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((one, other) => one - other);
  const at = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(2);
  const cpuMs = ((user + system) / 1000 / REQUESTS).toFixed(2);
  console.log(
    `${name}: p50 ${at(0.5)} p95 ${at(0.95)} ms, CPU of both sides ${cpuMs} ms each, ${bytes} bytes`
  );
}
console.log(`memory: ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`);
await fastify.close();
index.close();
upstream.close();
agent.destroy();
rmSync(folder, { recursive: true });
