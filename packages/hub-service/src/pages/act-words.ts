import type { Act, OffboardPart } from '@labkeeper/protocol';
import type { ActWithheld } from '../store/act-facts.js';
import type { ILogStory } from '../store/log-reader.js';
import { CLASS_NAMES } from './retention-state.js';
import { counted, TRUST } from './words.js';

/** What an offboarding ends, as it is called in a sentence. */
export const PARTS: Readonly<Record<OffboardPart['what'], string>> = {
  hold: 'legal hold',
  servers: 'servers',
  tokens: 'tokens',
  sessions: 'browser sessions',
  requests: 'requests',
  grants: 'grants'
};

/** What became of a part. */
export function outcomeWords({ what, state, says }: OffboardPart): string {
  // Of browsers' sessions nobody knows how many there were.
  return what === 'sessions' && state === 'none' && says !== null ? PART_STATES.done : PART_STATES[state];
}

const PART_STATES: Readonly<Record<OffboardPart['state'], string>> = {
  done: 'Done',
  none: 'Nothing to do',
  failed: 'Not all of it'
};

/** What an act of the service did, in a sentence or two. */
export function didWords(act: Act): string {
  switch (act.action) {
    case 'hold':
      return 'A legal hold was set. While it is on, nobody whom it holds can be erased, and nothing of theirs is deleted for its age.';
    case 'lift':
      return 'A legal hold was lifted. What no other hold keeps can be erased, and deleted for its age, from now on.';
    case 'erase':
      return 'A person was erased: the name, the names of the servers, the key, and everything that this key alone opens are deleted. Records, counts and proofs stay.';
    case 'offboard':
      return act.parts.some(({ state }) => state === 'failed')
        ? 'Somebody’s access was to be ended, and not all of it could be. Asked again, it ends what is left.'
        : 'Somebody’s access was ended.';
    case 'retire':
      return act.retired
        ? `Retention deleted ${counted(act.retired.count, act.retired.class === 'looks' ? 'look' : 'record')} (${CLASS_NAMES[act.retired.class]}): their time was over by the policy.`
        : 'Retention deleted records whose time was over by the policy.';
    case 'trust':
      return act.trust
        ? `${TRUST[act.trust.state]}: the service’s file of hubs says so.`
        : 'The service’s file of hubs says something else of a hub.';
  }
}

/** Who did it where it was no person. */
export function machineWords(action: Act['action']): string {
  switch (action) {
    case 'retire':
      return 'the service itself, as the policy says';
    case 'trust':
      return 'the service itself, as its file of hubs says';
    case 'hold':
    case 'lift':
    case 'erase':
    case 'offboard':
      return 'no person: a program, such as the firm’s directory';
  }
}

const WITHHELD: Readonly<Record<ActWithheld, string>> = {
  all: 'Who had it done, on whom and why is told to people of its own hub alone.',
  reason: 'Why is told to administrators of its hub alone: the scope custom:labkeeper:admin.'
};

/** What an act does not tell, a sentence each. */
export function actUnknowns(
  act: Act,
  { act: facts, withheld }: Pick<ILogStory, 'act' | 'withheld'>
): readonly string[] {
  const { action, actor, subject, parts } = act;
  const isAsked = action !== 'retire' && action !== 'trust';
  return [
    isAsked && actor === null ? 'Which person had it done is not known: a program did it.' : null,
    actor !== null && facts !== null && facts.by === null ? 'The name of who did it was erased.' : null,
    action === 'erase'
      ? 'Who it was is not known any more: that is what the act did.'
      : subject !== null && facts !== null && facts.subject === null
        ? 'The name of the person whom it is about was erased.'
        : null,
    isAsked && withheld !== undefined ? WITHHELD[withheld] : null,
    isAsked && withheld === undefined && facts !== null && facts.reason === null
      ? action === 'offboard'
        ? 'Why is not kept with this act; the legal hold that it set has the reason.'
        : 'Why is not known.'
      : null,
    action === 'retire' || action === 'trust'
      ? 'Who changed the file that says so is not known: the service only reads it.'
      : null,
    ...(action === 'offboard' ? partUnknowns(parts) : [])
  ].filter(sentence => sentence !== null);
}

function partUnknowns(parts: readonly OffboardPart[]): readonly string[] {
  const failed = parts.filter(({ state }) => state === 'failed').map(({ what }) => PARTS[what]);
  const untried = Object.entries(PARTS).flatMap(([what, name]) =>
    parts.some(part => part.what === what) ? [] : [name]
  );
  return [
    ...(failed.length === 0
      ? []
      : [`What is left of these is not known here: ${failed.join(', ')}. They could not all be ended then.`]),
    ...(untried.length === 0
      ? []
      : [`Nothing is known of these, which this act did not touch: ${untried.join(', ')}.`])
  ];
}
