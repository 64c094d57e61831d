import type { FastifyInstance, FastifyReply } from 'fastify';
import { isRefused, type IAsker } from '../decision.js';
import { isFileName } from '../file-name.js';
import type { IFileEvent } from '../index-event.js';
import { IndexRefusal } from '../index-refusal.js';
import type { IFoundFile, PackageIndex } from '../package-index.js';
import { judgeFile, type IJudgedFile } from '../pages/judged-file.js';
import { isProjectName, normalizeName } from '../project-name.js';
import { hasTag } from './entity-tags.js';
import { refusalFor } from './decided-refusal.js';
import type { IIndexPluginOptions } from './index-plugin.js';
import { sendFile } from './send-file.js';
import { sendMetadata, sendProvenance } from './send-beside.js';

/** What is asked for, and what is told when it went out or not. */
export interface IAskedFile extends IFoundFile {
  readonly index: PackageIndex;
  readonly reply: FastifyReply;
  readonly range: string | undefined;
  readonly isHead: boolean;
  readonly tell: (outcome: IFileEvent['outcome'], sentBytes: number) => void;
}

/** `files/<project>/<file>`, with `.metadata` or `.provenance` after it: refused here too, for whoever comes by no page. */
export function fileRoute(fastify: FastifyInstance, { index, askerOf }: IIndexPluginOptions): void {
  fastify.route<{ Params: { '*': string } }>({
    method: ['GET', 'HEAD'],
    url: '/files/*',
    handler: async (request, reply) => {
      const { headers, method } = request;
      const asker = await askerOf(request);
      const { name, filename, kind } = parse(request.params['*']);
      const found = await index.find(name, filename);
      const judged = judgeFile(name, found.listed, found.remote.index, asker);
      const tell = (outcome: IFileEvent['outcome'], sentBytes: number): void =>
        index.onEvent(fileEvent(kind, name, judged, asker, outcome, sentBytes));
      if (isRefused(judged.decision)) {
        tell('refused', 0);
        throw refusalFor(judged.decision);
      }
      reply.header('cache-control', 'private, no-cache');
      const sha256 = kind === 'file' ? found.listed.hashes['sha256'] : undefined;
      if (sha256 !== undefined) {
        reply.header('etag', `"${sha256}"`);
        if (hasTag(headers['if-none-match'], `"${sha256}"`)) {
          tell('unchanged', 0);
          return reply.code(304).send();
        }
      }
      const ifRange = headers['if-range'];
      const range = ifRange === undefined || ifRange === `"${sha256}"` ? headers.range : undefined;
      const asked = { ...found, index, reply, range, isHead: method === 'HEAD', tell };
      try {
        return await SENDERS[kind](asked);
      } catch (error) {
        tell('failed', 0);
        throw error;
      }
    }
  });
}

type Kind = IFileEvent['kind'];

const SENDERS: Readonly<Record<Kind, (asked: IAskedFile) => Promise<FastifyReply>>> = {
  file: sendFile,
  metadata: sendMetadata,
  provenance: sendProvenance
};

/** @throws IndexRefusal */
function parse(path: string): { readonly name: string; readonly filename: string; readonly kind: Kind } {
  const [project = '', file = '', ...rest] = path.split('/');
  const [, filename = '', suffix] = /^(.*?)(?:\.(metadata|provenance))?$/s.exec(file) ?? [];
  if (!isProjectName(project) || !isFileName(filename) || rest.length > 0) {
    throw new IndexRefusal(
      404,
      'There is no file at this address.',
      'Check the address of the package index.'
    );
  }
  const kind = suffix === 'metadata' || suffix === 'provenance' ? suffix : 'file';
  return { name: normalizeName(project), filename, kind };
}

function fileEvent(
  kind: Kind,
  project: string,
  { file, version, decision }: IJudgedFile,
  { who, policyVersion }: IAsker,
  outcome: IFileEvent['outcome'],
  sentBytes: number
): IFileEvent {
  return {
    ...{ kind, who, project, version, outcome, sentBytes, policyVersion },
    filename: file.filename,
    sha256: file.hashes['sha256'] ?? null,
    decision: decision.decision,
    rule: decision.rule
  };
}
