/** Who may decide: about everybody's requests, or about those of people in some groups. */
export type ApproveRight =
  { readonly kind: 'all' } | { readonly kind: 'groups'; readonly groups: readonly string[] };

/** Whose request it is. */
export interface IAsker {
  readonly hub: string;
  /** null = erased. */
  readonly user: string | null;
  /** As they were when she asked. */
  readonly groups: readonly string[];
}

/** Whether a request is within a right. A group is a group of the decider's own hub. @param hub - hers. */
export function isWithin(right: ApproveRight, hub: string, asker: IAsker): boolean {
  return (
    right.kind === 'all' || (asker.hub === hub && asker.groups.some(group => right.groups.includes(group)))
  );
}

/** Whether somebody may decide about a request: within her right, and never about her own. */
export function mayDecide(
  right: ApproveRight | null,
  decider: { readonly hub: string; readonly name: string },
  asker: IAsker
): boolean {
  const isOwn = asker.hub === decider.hub && asker.user === decider.name;
  return right !== null && !isOwn && asker.user !== null && isWithin(right, decider.hub, asker);
}
