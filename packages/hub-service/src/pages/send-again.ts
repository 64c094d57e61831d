import type { IAgain } from '../outgoing/message-queue.js';
import type { IHubPerson } from '../people/hub-identity.js';
import type { Reading } from './reading.js';
import { Refusal } from './refusal.js';

/** Has messages sent again in somebody's name. @returns how many. @throws Refusal */
export type SendAgain = (person: IHubPerson, which: IAgain) => Promise<number>;

const BACK = { href: '/status#outgoing', text: 'Back to the status' };

/**
 * Puts on record who does it, and then does it.
 *
 * @param hub - the first, whose people see to what concerns the service as a whole.
 * @param again - what makes them wait again.
 */
export function sendAgain(
  reading: Reading,
  hub: string,
  again: (which: IAgain) => Promise<number>
): SendAgain {
  return async (person, which) => {
    if (person.hub !== hub) {
      throw new Refusal(403, 'What goes out is for administrators of the hub whose service this is.', {
        link: BACK
      });
    }
    const named =
      'message' in which ? `message=${which.message}` : `target=${encodeURIComponent(which.target)}`;
    await reading.looking({ person }, 'outgoing', `/outgoing/again?${named}`);
    const count = await tried(() => again(which));
    if (count === 0) {
      throw new Refusal(
        409,
        'message' in which
          ? 'This message does not wait to be sent again: it was sent or forgotten, or the policy has no such target any more.'
          : 'No message of this target was given up, or the policy has no such target any more.',
        { link: BACK }
      );
    }
    return count;
  };
}

async function tried(act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (cause) {
    throw new Refusal(
      503,
      'It is not certain that anything is sent again, because the database did not answer as it should.',
      { todo: 'Look at the status: what was given up stands there.', link: BACK, cause }
    );
  }
}
