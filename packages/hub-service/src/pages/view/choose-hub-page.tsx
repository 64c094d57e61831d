import type { ReactElement } from 'react';
import { RecordText } from './record-text.js';

/** A hub that can be chosen. */
export interface IHubChoice {
  readonly id: string;
  /** Where people sign in there. */
  readonly hubUrl: string;
  /** A path of ours. */
  readonly href: string;
}

/** Where several hubs share the service: at which one somebody signs in. */
export function ChooseHubPage({ hubs }: { readonly hubs: readonly IHubChoice[] }): ReactElement {
  return (
    <>
      <h1>Sign in</h1>
      <p>
        Several hubs share these pages. Choose the one whose log you read; a name and a role count at one hub
        alone.
      </p>
      <ul>
        {hubs.map(({ id, hubUrl, href }) => (
          <li key={id}>
            <a href={href}>
              <RecordText text={id} />
            </a>{' '}
            at <RecordText text={new URL(hubUrl).host} />
          </li>
        ))}
      </ul>
    </>
  );
}
