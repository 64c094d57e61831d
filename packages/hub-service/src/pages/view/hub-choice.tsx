import type { ReactElement } from 'react';

export interface IHubChoiceProps {
  /** Hubs whose records somebody may read, her own first. */
  readonly hubs: readonly string[];
  /** As it stands in the address. */
  readonly value: string | undefined;
}

/** Whose records: her own hub's, or another's that the service's policy lets her read. Nothing where there is only hers. */
export function HubChoice({ hubs, value }: IHubChoiceProps): ReactElement | null {
  const [own, ...others] = hubs;
  if (own === undefined || others.length === 0) {
    return null;
  }
  return (
    <label>
      <span>Hub</span>
      <select name="hub" defaultValue={value === own ? '' : (value ?? '')}>
        <option value="">{`${own} (yours)`}</option>
        {others.map(hub => (
          <option key={hub}>{hub}</option>
        ))}
      </select>
    </label>
  );
}
