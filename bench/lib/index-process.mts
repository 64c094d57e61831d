// The package index alone in a process of its own, with the arguments of the hub service: fork it with `IIndexStart` as its
// first message; it answers with the address of its `simple/`. Ends with the channel to its parent.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { keepHeapSmall } from '../../packages/hub-service/lib/heap-growth.js';
import {
  indexPlugin,
  PackageIndex,
  type IDecision,
  type IFileFacts
} from '../../packages/package-index/lib/index.js';

export interface IIndexStart {
  readonly upstream: string;
  /** Of its own. */
  readonly folder: string;
  /** What it blocks: what no tool would choose by itself, or half of all that there is. */
  readonly blocks: 'previews' | 'old';
}

const ALLOWED: IDecision = { decision: 'allow', rule: null, reason: '', whatNext: '', untilMs: null };
const BLOCKED: IDecision = {
  decision: 'deny',
  rule: 'bench',
  reason: 'What the rule of the bench names is not approved here.',
  whatNext: 'Take another version, or ask for it in the Packages panel.',
  untilMs: null
};
const OLD_MS = Date.UTC(2025, 0, 1);

const RULES: Readonly<Record<IIndexStart['blocks'], (file: IFileFacts) => boolean>> = {
  previews: ({ version }) => version !== null && /\d(?:a|b|rc|\.dev)\d/.test(version),
  old: ({ uploadedAtMs }) => uploadedAtMs !== null && uploadedAtMs < OLD_MS
};

keepHeapSmall();
process.once('disconnect', () => process.exit(0));
const [start] = (await once(process, 'message')) as [IIndexStart];
const isBlocked = RULES[start.blocks];
const decide = (file: IFileFacts): IDecision => (isBlocked(file) ? BLOCKED : ALLOWED);
const index = new PackageIndex({
  upstreams: [{ id: 'main', url: start.upstream }],
  folder: start.folder,
  nowMs: Date.now,
  onEvent: event => {
    if (event.kind === 'trouble' || event.kind === 'wrong-hash') console.error(JSON.stringify(event));
  }
});
const fastify = Fastify();
await fastify.register(
  indexPlugin({
    index,
    askerOf: async () => ({ who: 'bench', decisionClass: 'all', policyVersion: '1', decide })
  })
);
await fastify.listen({ host: '127.0.0.1', port: 0, backlog: 2048 });
process.send?.(`http://127.0.0.1:${(fastify.server.address() as AddressInfo).port}/simple/`);
process.on('message', () => process.send?.(process.memoryUsage()));
