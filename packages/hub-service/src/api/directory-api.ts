import { DirectoryMessage, type DirectoryPolicy, parseShape } from '@labkeeper/protocol';
import { webhookOf } from '../outgoing/send-message.js';
import { targetFile } from '../outgoing/target-files.js';
import { Refusal } from '../pages/refusal.js';
import type { IActor } from '../store/legal.js';
import type { Hubs } from '../hubs/hubs.js';
import type { ApiRoutes } from './admin-api.js';
import { cleaned, endAccess, setHold, type ILegalApiParts } from './legal-api.js';

export interface IDirectoryApiParts extends ILegalApiParts {
  readonly hubs: Hubs;
  /** What the policy says of the firm's directory; null = it may do nothing. */
  readonly directory: () => DirectoryPolicy | null;
}

/** Who did it, in the list of acts. */
const BY = 'directory (webhook)';

/**
 * POST directory: a Standard Webhook of the firm's directory that ends somebody's access, or sets a hold. Replayed it does
 * nothing new: what is ended is ended, and a signature is good for five minutes.
 */
export function directoryRoutes(parts: IDirectoryApiParts): ApiRoutes {
  return api => {
    api.post('/directory', async request => {
      const policy = parts.directory();
      const body = typeof request.body === 'string' ? request.body : '';
      if (policy === null) {
        throw new Refusal(404, 'The policy names no directory, so nobody is listened to here.');
      }
      await checkSignature(policy.secret_file, body, request.headers);
      const message = parseShape(DirectoryMessage, body);
      if (message === null) {
        throw new Refusal(400, 'The message is not understood: expected user.offboard or user.hold.');
      }
      const { hub: named, ...data } = message.data;
      const wanted = cleaned(data);
      const hub = named === undefined ? parts.hubs.first.id : parts.hubs.get(named)?.id;
      if (hub === undefined) {
        throw new Refusal(
          404,
          'The message names a hub that this service does not know, so nothing was done.'
        );
      }
      const actor: IActor = { hub, by: BY, reason: wanted.reason, isMachine: true };
      if (message.type === 'user.offboard') {
        return endAccess(parts.offboarding, actor, wanted);
      }
      const holds = await parts.legal.holds(hub);
      const on = holds.find(
        ({ by, person, caseName }) => by === BY && person?.name === wanted.user && caseName === wanted.case
      );
      return on ? { hold: on.id } : setHold(parts.legal, actor, wanted);
    });
  };
}

/** @throws Refusal */
async function checkSignature(
  file: string,
  body: string,
  headers: Readonly<Record<string, string | string[] | undefined>>
): Promise<void> {
  let webhook;
  try {
    webhook = webhookOf(await targetFile(file), file);
  } catch (cause) {
    throw new Refusal(503, 'The secret of the directory cannot be read here.', { cause });
  }
  const text = (name: string): string => {
    const value = headers[name];
    return typeof value === 'string' ? value : '';
  };
  try {
    webhook.verify(body, {
      'webhook-id': text('webhook-id'),
      'webhook-timestamp': text('webhook-timestamp'),
      'webhook-signature': text('webhook-signature')
    });
  } catch {
    // Which part is wrong helps nobody but who forges it.
    throw new Refusal(401, 'The signature is missing, wrong, or too old.');
  }
}
