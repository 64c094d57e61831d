import * as v from 'valibot';
import type { IOutgoingState } from '../outgoing/outgoing-state.js';
import { read } from '../pages/reading.js';
import { Refusal } from '../pages/refusal.js';
import type { SendAgain } from '../pages/send-again.js';
import { ADMIN_SCOPE, isAdmin } from '../people/admin-right.js';
import type { IHubPerson } from '../people/hub-identity.js';
import { bodyOf, type ApiRoutes } from './admin-api.js';

const Again = v.union([
  v.strictObject({ message: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) }),
  v.strictObject({ target: v.pipe(v.string(), v.minLength(1), v.maxLength(256)) })
]);

/** GET outgoing, POST outgoing/again: for administrators. @param hub - the first, whose service this is. */
export function outgoingApi(
  state: () => Promise<IOutgoingState>,
  sendAgain: SendAgain,
  hub: string
): ApiRoutes {
  const admitted = (person: IHubPerson): IHubPerson => {
    if (!isAdmin(person) || person.hub !== hub) {
      throw new Refusal(
        403,
        `What goes out is for administrators of the hub ${hub}: ${ADMIN_SCOPE} is missing, or of another hub.`
      );
    }
    return person;
  };
  return (api, door) => {
    api.get('/outgoing', async (request): Promise<IOutgoingState> => {
      admitted(await door.reader(request));
      return read(state);
    });
    api.post('/outgoing/again', async (request): Promise<{ readonly count: number }> => {
      const person = admitted(await door.actor(request));
      return { count: await sendAgain(person, bodyOf(Again, request)) };
    });
  };
}
