import { SWITCHABLE, type Part, type SwitchablePart } from '@labkeeper/protocol';

/**
 * What is switched off: by the container for good, and by the hub's policy as it says at the moment. What the container
 * switched off no policy switches on.
 */
export class PartSwitches {
  /** @param container - what `LABKEEPER_DISABLE` names. */
  constructor(private readonly container: ReadonlySet<Part>) {}

  has(part: Part): boolean {
    return this.container.has(part) || this.policy.has(part);
  }

  /** All that is off. */
  get off(): readonly Part[] {
    return [
      ...this.container,
      ...SWITCHABLE.filter(part => this.policy.has(part) && !this.container.has(part))
    ];
  }

  /** Policy says anew what is off. @returns the parts that went off or came on by that. */
  set(policy: ReadonlySet<SwitchablePart>): readonly SwitchablePart[] {
    const before = this.policy;
    this.policy = policy;
    return SWITCHABLE.filter(part => !this.container.has(part) && before.has(part) !== policy.has(part));
  }

  private policy: ReadonlySet<Part> = new Set();
}
