import { slackMessage } from '@labkeeper/core';
import type { Announcement, OutgoingTarget } from '@labkeeper/protocol';
import { Webhook } from 'standardwebhooks';
import { SendError } from './failures.js';
import { post } from './post.js';
import { targetFile, targetUrl } from './target-files.js';

export type MessageTarget = Extract<OutgoingTarget, { kind: 'webhook' | 'slack' }>;

/** For one message, in ms. */
export const MESSAGE_MS = 10_000;
const HTTP = ['https:', 'http:'] as const;

/**
 * Sends one announcement once: as a Standard Webhook, or as a message for a chat.
 *
 * @param id - the same for all tries of a message. @param nowMs - epoch ms.
 * @throws SendError
 */
export async function sendMessage(
  target: MessageTarget,
  id: string,
  announcement: Announcement,
  nowMs: number
): Promise<void> {
  const body = JSON.stringify(target.kind === 'slack' ? slackMessage(announcement) : announcement);
  await post({
    url: targetUrl(target.kind === 'slack' ? await targetFile(target.url_file) : target.url, HTTP),
    body,
    headers: target.kind === 'slack' ? {} : await signature(target.secret_file, id, body, nowMs),
    allowInternal: target.allow_internal ?? null,
    ca: target.ca_file === undefined ? null : await targetFile(target.ca_file),
    timeoutMs: MESSAGE_MS
  });
}

async function signature(
  file: string,
  id: string,
  body: string,
  nowMs: number
): Promise<Record<string, string>> {
  const at = new Date(nowMs);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': webhookOf(await targetFile(file), file).sign(id, at, body)
  };
}

/** @throws SendError, without the secret. */
export function webhookOf(secret: string, file: string): Webhook {
  // Standard Webhooks asks for 24 to 64 bytes.
  const digits = secret.replace(/^whsec_/, '');
  if (!/^[A-Za-z0-9+/]{32,88}={0,2}$/.test(digits) || Buffer.from(digits, 'base64').length < 24) {
    throw new SendError(`The secret in ${file} must be whsec_ and 24 to 64 bytes in base64.`);
  }
  return new Webhook(secret);
}
