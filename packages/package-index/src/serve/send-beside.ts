import { reasonOf } from '@labkeeper/core';
import type { FastifyReply } from 'fastify';
import { IndexRefusal } from '../index-refusal.js';
import { readBody } from '../upstream/read-body.js';
import type { IAskedFile } from './file-route.js';

const PROVENANCE_BYTES = 4 * 1024 * 1024;

/** Sends METADATA of a wheel (PEP 658). @throws IndexRefusal */
export async function sendMetadata(asked: IAskedFile): Promise<FastifyReply> {
  const { index, remote } = asked;
  if (!remote.coreMetadata && !remote.filename.endsWith('.whl')) {
    throw new IndexRefusal(404, `There is no metadata of ${remote.filename}.`, 'Only wheels have it.');
  }
  const bytes = await index.metadata.metadata(remote);
  return send(asked, bytes, 'application/octet-stream');
}

/** Passes on what attests where a file comes from (PEP 740). @throws IndexRefusal */
export async function sendProvenance(asked: IAskedFile): Promise<FastifyReply> {
  const { listed, remote } = asked;
  let reason: string;
  try {
    const answer = await asked.provenance();
    if (answer?.status === 200) {
      return send(asked, await readBody(answer, PROVENANCE_BYTES), 'application/vnd.pypi.integrity.v1+json');
    }
    answer?.body.destroy();
    reason = answer ? `It answered with status ${answer.status}.` : '';
  } catch (error) {
    reason = reasonOf(error);
  }
  if (reason === '') {
    throw new IndexRefusal(404, `There is no provenance of ${listed.filename}.`, 'Its index has none.');
  }
  const title = `The provenance of ${listed.filename} cannot be had from the index ${remote.index}.`;
  throw new IndexRefusal(502, title, reason);
}

function send({ reply, isHead, tell }: IAskedFile, bytes: Buffer, type: string): FastifyReply {
  tell('served', isHead ? 0 : bytes.length);
  reply.type(type).header('content-length', bytes.length);
  return isHead ? reply.send() : reply.send(bytes);
}
