import type { ILogStory } from '../store/log-reader.js';

/**
 * A story without what of an act's names and reason is not for whoever reads: the page of holds shows the reason to
 * administrators of the hub alone, and no other hub's people are told whom its acts were about.
 *
 * @param isOwn - whether it is of her own hub. @param isAdmin - whether she may set holds there.
 */
export function withholdAct(story: ILogStory, isOwn: boolean, isAdmin: boolean): ILogStory {
  const { act } = story;
  if (act === null || (isOwn && (isAdmin || act.reason === null))) {
    return story;
  }
  return isOwn
    ? { ...story, act: { ...act, reason: null }, withheld: 'reason' }
    : { ...story, act: null, withheld: 'all' };
}
