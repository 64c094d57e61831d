import type { ReactElement, ReactNode } from 'react';
import { STYLE_PATH } from '../style-sheet.js';
import { RecordText } from './record-text.js';

export type Tab = 'log' | 'requests' | 'holders' | 'deaths' | 'looks' | 'status' | 'holds';

export interface IShellProps {
  readonly title: string;
  /** null = a page that belongs to none. */
  readonly tab: Tab | null;
  /** Who has signed in; null = nobody. */
  readonly who: {
    readonly name: string;
    /** The hub's name where there are several; absent = there is one. */
    readonly at?: string | undefined;
    readonly formToken: string;
    readonly isAdmin: boolean;
  } | null;
  /** Where the browser goes by itself; null = it stays. A path of ours. */
  readonly onward?: string | null;
  /** Where a browser without scripts goes by itself, later. A path of ours. */
  readonly refresh?: { readonly seconds: number; readonly address: string } | null;
  /** Path of the page's script; null = it has none. */
  readonly script?: string | null;
  readonly children: ReactNode;
}

const TABS: readonly { readonly tab: Tab; readonly href: string; readonly text: string }[] = [
  { tab: 'log', href: '/log', text: 'Install log' },
  { tab: 'requests', href: '/requests', text: 'Requests' },
  { tab: 'holders', href: '/holders', text: 'Who has it?' },
  { tab: 'deaths', href: '/deaths', text: 'Deaths' },
  { tab: 'looks', href: '/looks', text: 'Looks' },
  { tab: 'status', href: '/status', text: 'Status' },
  { tab: 'holds', href: '/holds', text: 'Holds' }
];

/** What all pages have around them. */
export function Shell({ title, tab, who, onward, refresh, script, children }: IShellProps): ReactElement {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <title>{`${title} · Labkeeper`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        {onward && <meta httpEquiv="refresh" content={`0; url=${onward}`} />}
        {refresh && (
          <noscript>
            <meta httpEquiv="refresh" content={`${refresh.seconds}; url=${refresh.address}`} />
          </noscript>
        )}
        <link rel="stylesheet" href={STYLE_PATH} />
        {script && <script src={script} defer />}
      </head>
      <body>
        <a className="skip" href="#main">
          Skip to the content
        </a>
        <header className="top">
          <span className="brand">Labkeeper</span>
          {who && (
            <nav aria-label="Pages">
              <ul>
                {TABS.filter(({ tab: name }) => name !== 'holds' || who.isAdmin).map(
                  ({ tab: name, href, text }) => (
                    <li key={name}>
                      <a href={href} aria-current={name === tab ? 'page' : undefined}>
                        {text}
                      </a>
                    </li>
                  )
                )}
              </ul>
            </nav>
          )}
          {who && (
            <form method="post" action="/logout" className="who">
              <span>
                <span className="away">Signed in as </span>
                <RecordText text={who.at === undefined ? who.name : `${who.name} at ${who.at}`} />
              </span>
              <input type="hidden" name="form" value={who.formToken} />
              <button type="submit" className="plain">
                Sign out
              </button>
            </form>
          )}
        </header>
        <main id="main" tabIndex={-1}>
          {children}
        </main>
        <footer>
          <p>Times are UTC. Whoever reads the log is on record too.</p>
        </footer>
      </body>
    </html>
  );
}
