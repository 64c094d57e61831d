import { PACKAGE_EFFECTS, type PackageEffect, type PackagesMode } from '@labkeeper/protocol';

/** What is done with a verdict. */
export interface IHeed {
  /** Whether the install is refused. */
  readonly isRefused: boolean;
  /** Whether who installs is told of it. */
  readonly isTold: boolean;
}

/** What is done with a verdict in a mode. It is on record in all of them, as it is. */
export function heed(effect: PackageEffect, mode: PackagesMode): IHeed {
  return {
    isRefused: mode === 'enforce' && isStricter(effect, 'warn'),
    isTold: mode !== 'observe' && effect !== 'allow'
  };
}

/** Whether one effect lets less pass than another. */
export function isStricter(effect: PackageEffect, other: PackageEffect): boolean {
  return PACKAGE_EFFECTS.indexOf(effect) > PACKAGE_EFFECTS.indexOf(other);
}
