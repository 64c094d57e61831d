import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import type { IDecision, IFileFacts } from '../../src/decision.js';
import type { IndexEvent } from '../../src/index-event.js';
import { PackageIndex, type IPackageIndexOptions } from '../../src/package-index.js';
import { indexPlugin } from '../../src/serve/index-plugin.js';

export const ALLOWED: IDecision = { decision: 'allow', rule: null, reason: '', whatNext: '', untilMs: null };
/** A decision as a rule of the tests makes it. */
export const BLOCKED: IDecision = {
  decision: 'deny',
  rule: 'no-agpl',
  reason: 'The licence AGPL-3.0 is not approved here.',
  whatNext: 'Ask for it in the Packages panel.',
  untilMs: null
};

export type TestIndexOptions = Partial<IPackageIndexOptions> & Pick<IPackageIndexOptions, 'upstreams'>;

/** Our index on a port of this machine, with a folder, a clock and a policy of the test's own. */
export class IndexServer {
  static async start(options: TestIndexOptions): Promise<IndexServer> {
    const server = new IndexServer(options);
    await server.fastify.listen({ host: '127.0.0.1', port: 0 });
    return server;
  }

  readonly events: IndexEvent[] = [];
  decide: (file: IFileFacts) => IDecision = () => ALLOWED;
  policyVersion = 'p1';
  /** Why nobody may ask; null = they may. */
  notAdmitted: Error | null = null;
  decisionClass = 'all';
  nowMs = Date.now();
  readonly fastify: FastifyInstance;
  readonly index: PackageIndex;
  readonly folder: string;

  private constructor(options: TestIndexOptions) {
    this.ownsFolder = options.folder === undefined;
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), 'labkeeper-index-'));
    this.index = new PackageIndex({
      folder: this.folder,
      onEvent: event => this.events.push(event),
      nowMs: () => this.nowMs,
      ...options
    });
    this.fastify = Fastify({ forceCloseConnections: true });
    void this.fastify.register(
      indexPlugin({
        index: this.index,
        askerOf: async () => {
          if (this.notAdmitted) {
            throw this.notAdmitted;
          }
          return {
            who: 'ada',
            decisionClass: this.decisionClass,
            policyVersion: this.policyVersion,
            decide: file => this.decide(file)
          };
        }
      }),
      { prefix: '/pypi' }
    );
  }

  /** Where tools are sent. */
  get url(): string {
    return `${this.base}/pypi/simple/`;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.fastify.server.address() as AddressInfo).port}`;
  }

  fetch(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Response> {
    return fetch(`${this.base}/pypi/${path}`, { headers, method, redirect: 'manual' });
  }

  /** Blocks what `isBlocked` says. */
  block(isBlocked: (file: IFileFacts) => boolean, decision: IDecision = BLOCKED): void {
    this.decide = file => (isBlocked(file) ? decision : ALLOWED);
    this.policyVersion = `p${Number(this.policyVersion.slice(1)) + 1}`;
  }

  async close(): Promise<void> {
    await this.fastify.close();
    this.index.close();
    if (this.ownsFolder) {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private readonly ownsFolder: boolean;
}
