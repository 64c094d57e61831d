import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { isJson, type Json } from '@labkeeper/core';

/** Stands between the routing parts of a message and the message (Jupyter's wire protocol 5). */
const DELIMITER = Buffer.from('<IDS|MSG>');
/** Signature, header, parent header, metadata, content. */
const MESSAGE_PARTS = 5;

/** A request, ready to be sent. */
export interface IRequestMessage {
  readonly msgId: string;
  readonly parts: readonly Buffer[];
}

/** Puts a request together and signs it with the key of the connection file; an empty key signs nothing. */
export function requestMessage(options: {
  readonly type: string;
  readonly content: Json;
  readonly session: string;
  readonly key: string;
  readonly nowMs: number;
}): IRequestMessage {
  const { type, content, session, key, nowMs } = options;
  const msgId = randomUUID();
  const header = {
    msg_id: msgId,
    msg_type: type,
    username: 'labkeeper',
    session,
    date: new Date(nowMs).toISOString(),
    version: '5.3'
  };
  const signed = [header, {}, {}, content].map(part => Buffer.from(JSON.stringify(part)));
  return { msgId, parts: [DELIMITER, Buffer.from(signature(key, signed), 'latin1'), ...signed] };
}

/** An answer. */
export interface IReplyMessage {
  readonly type: string;
  readonly parentId: string;
  readonly content: Json;
}

/** Takes an answer apart. null = it is none, or signed with another key. */
export function replyMessage(parts: readonly Buffer[], key: string): IReplyMessage | null {
  const at = parts.findIndex(part => part.equals(DELIMITER));
  const [given, ...signed] = at < 0 ? [] : parts.slice(at + 1, at + 1 + MESSAGE_PARTS);
  if (!given || signed.length !== MESSAGE_PARTS - 1) {
    return null;
  }
  const expected = Buffer.from(signature(key, signed), 'latin1');
  if (key !== '' && (expected.length !== given.length || !timingSafeEqual(expected, given))) {
    return null;
  }
  const [header, parent, , content] = signed.map(parse);
  const type = header?.['msg_type'];
  const parentId = parent?.['msg_id'];
  return typeof type === 'string' && typeof parentId === 'string' && content
    ? { type, parentId, content }
    : null;
}

function signature(key: string, parts: readonly Buffer[]): string {
  if (key === '') {
    return '';
  }
  const hmac = createHmac('sha256', key);
  parts.forEach(part => hmac.update(part));
  return hmac.digest('hex');
}

function parse(bytes: Buffer): Json | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isJson(value) ? value : null;
  } catch {
    // Not JSON: then it is no answer, which the caller says.
    return null;
  }
}
