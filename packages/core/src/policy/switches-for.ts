import { SWITCHABLE, type Policy, type PolicySwitch, type SwitchedOff } from '@labkeeper/protocol';
import { fitsPattern } from './fits-pattern.js';

/** Whose switches are asked for. */
export interface IPolicySubject {
  readonly hub: string;
  readonly groups: readonly string[];
  /** null = not known: switches for certain images do not hold. */
  readonly image: string | null;
  /** Where the user stands between 0 and 1 (1 excluded), see `placeOf`. */
  readonly place: number;
}

/**
 * What policy switches off for somebody, in the order of `SWITCHABLE`. Of the switches of one part the first that fits
 * decides, so that an exception stands before its rule; a part that none fits is on.
 */
export function switchesFor(policy: Policy, subject: IPolicySubject): SwitchedOff[] {
  return SWITCHABLE.flatMap(part => {
    const decides = policy.switch.find(one => one.part === part && fits(one, subject));
    return decides?.state === 'off' ? [{ part, reason: decides.reason }] : [];
  });
}

/**
 * A user's place among all users, from 0 up to 1: the same for ever, so that a share that grows takes users in and leaves
 * none out.
 *
 * @param hash - SHA-256 of what names the user: hub and name alone, so that all her servers are treated alike.
 */
export function placeOf(hash: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = hash;
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / 2 ** 32;
}

function fits(
  { hubs, groups, images, share }: PolicySwitch,
  { image, place, ...subject }: IPolicySubject
): boolean {
  return (
    (hubs === undefined || hubs.includes(subject.hub)) &&
    (groups === undefined || groups.some(group => subject.groups.includes(group))) &&
    (images === undefined || (image !== null && images.some(pattern => fitsPattern(pattern, image)))) &&
    (share === undefined || place < share)
  );
}
