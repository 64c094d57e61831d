import type { Policy } from '@labkeeper/protocol';
import type { IHubPerson } from './hub-identity.js';

/** Hubs beside her own whose log somebody may read, by their names. */
export type Reach = (person: Pick<IHubPerson, 'hub' | 'name'>) => readonly string[];

/** Who of other hubs may read a hub's log, each as `name@hub`. */
export type ReadersOf = (hub: string) => readonly string[];

/** Nobody reads another hub's log. */
export const NO_REACH: Reach = () => [];

/**
 * What the service's own policy says, and nothing else does: no role or scope of a hub reaches another. A name is a name at a
 * hub, and a hub's name has no `@`, so that one text stands for one person.
 */
export function supportReach({ support = [] }: Policy): Reach {
  return ({ hub, name }) => {
    const person = `${name}@${hub}`;
    const reached = support.filter(({ people }) => people.includes(person)).flatMap(({ hubs }) => hubs);
    return [...new Set(reached)].filter(other => other !== hub).sort();
  };
}

/** The same from the other side: for the people of a hub, who want to know who reads their records. */
export function supportReaders({ support = [] }: Policy): ReadersOf {
  return hub => {
    const people = support.filter(({ hubs }) => hubs.includes(hub)).flatMap(entry => entry.people);
    // Somebody of this hub is no reader from elsewhere.
    return [...new Set(people)].filter(person => !person.endsWith(`@${hub}`)).sort();
  };
}
