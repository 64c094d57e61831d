import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import { atMs, type IEventWords, type PastEvent } from '../events.js';
import { Feedback } from '../help/view/feedback.js';
import { Section } from './section.js';

export interface IEventsProps {
  /** Opens the page "Get help". */
  readonly onHelp: () => void;
  readonly events: readonly PastEvent[];
  readonly nowMs: number;
  readonly words: IEventWords | null;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
}

/** Rows shown at first; more would push everything else away. */
const SHOWN = 20;

/** Past deaths and notices, newest first. */
export function EventsSection({ onHelp, events, nowMs, words, say, trans }: IEventsProps): JSX.Element {
  return (
    <Section title={trans.__('Events')}>
      {events.length === 0 ? (
        <p className="lk-Note">
          {trans.__('Nothing happened. Kernels that die are listed here, with the reason.')}
        </p>
      ) : (
        <ul className="lk-List">
          {events.slice(0, SHOWN).map(event => (
            <li key={idOf(event)} className="lk-Event">
              <time dateTime={new Date(atMs(event)).toISOString()} title={say.moment(atMs(event))}>
                {say.clock(atMs(event), nowMs)}
              </time>
              {words ? (
                <>
                  <button type="button" className="lk-Link" onClick={() => words.open(event)}>
                    {words.headline(event)}
                  </button>
                  <Feedback event={eventOf(event)} book={words.feedback} trans={trans} />
                </>
              ) : (
                <span>{plainHeadline(event, trans)}</span>
              )}
            </li>
          ))}
        </ul>
      )}
      <button type="button" className="lk-Button" onClick={onHelp}>
        {trans.__('Get help…')}
      </button>
    </Section>
  );
}

const eventOf = (event: PastEvent) => (event.kind === 'death' ? event.death : event.notice);

function idOf(event: PastEvent): string {
  return event.kind === 'death' ? `death ${event.death.id}` : `notice ${event.notice.id}`;
}

/** The little that can be said where the explanations are switched off. */
function plainHeadline(event: PastEvent, trans: TranslationBundle): string {
  if (event.kind === 'death') {
    return trans.__('%1 died', event.death.evidence.kernel.title);
  }
  return trans.__('Notice about %1', event.notice.kernels.map(({ title }) => title).join(', '));
}
