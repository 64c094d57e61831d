/**
 * Puts new records on top of the list as they arrive. It runs in the reader's browser, on the page that follows the log and on
 * no other: its own text is served as a file, so it uses nothing from outside of itself.
 *
 * The page holds what it needs: `[data-news]` with the address to ask and the newest record, in it a `[role=status]`, and the
 * button and links that are hidden until they mean something.
 */
export function followLog(): void {
  /** Until it is asked again after a failure, in ms; the service may say something else. */
  const LATER_MS = 10_000;
  /** Between an answer and the next question, in ms. */
  const NEXT_MS = 1000;
  /** Records that are put into one page, at most. */
  const MOST = 1000;

  const place = document.querySelector<HTMLElement>('[data-news]');
  const status = place?.querySelector<HTMLElement>('[role=status]');
  const show = place?.querySelector<HTMLButtonElement>('button');
  if (!place || !status || !show) {
    return;
  }
  const news = place.dataset['news'] ?? '';
  let newest = Number(place.dataset['newest'] ?? -1);
  let following = '';
  let came = 0;
  let isOver = false;
  let asking: AbortController | null = null;
  let later: ReturnType<typeof setTimeout> | undefined;
  /** Rows that wait until the reader is at the top. */
  let held: Element[] = [];

  const say = (sentence: string): void => {
    // The same sentence again would be read out again.
    if (status.textContent !== sentence) {
      status.textContent = sentence;
    }
  };
  const records = (count: number): string => (count === 1 ? '1 record' : `${count} records`);
  const end = (sentence: string, link: string | null): void => {
    isOver = true;
    say(sentence);
    place.querySelectorAll<HTMLElement>('[data-when]').forEach(element => {
      element.hidden = element.dataset['when'] !== link;
    });
  };
  const rowsPlace = (): HTMLElement | null => document.querySelector<HTMLElement>('table.data tbody');

  /** Whether new rows on top would move what she reads, has marked, or stands on. */
  const isReading = (body: HTMLElement): boolean => {
    const selection = getSelection();
    const hasMarked = selection !== null && !selection.isCollapsed && selection.containsNode(body, true);
    return body.getBoundingClientRect().top < 0 || body.contains(document.activeElement) || hasMarked;
  };
  const put = (body: HTMLElement, rows: readonly Element[]): void => {
    const { scrollX, scrollY } = window;
    body.prepend(...rows);
    // Browsers keep the first row that is seen where it is, and would scroll the new ones out of sight.
    window.scrollTo({ left: scrollX, top: scrollY, behavior: 'instant' });
  };
  const tell = (): void => {
    show.hidden = held.length === 0;
    show.textContent = `${held.length} new`;
    const waits = held.length > 0 ? ` ${held.length} new above.` : '';
    say(
      came === 0
        ? 'New records appear here as they arrive.'
        : `${records(came)} came since this page was opened.${waits}`
    );
  };
  show.addEventListener('click', () => {
    const body = rowsPlace();
    const [first] = held;
    if (!body || !first) {
      return;
    }
    const rows = held;
    held = [];
    body.prepend(...rows);
    // Where the reader goes on by keyboard.
    first.querySelector('a')?.focus({ preventScroll: true });
    body.closest('table')?.scrollIntoView();
    tell();
  });

  const take = (told: unknown): void => {
    if (typeof told !== 'object' || told === null) {
      throw new Error('What came is no answer.');
    }
    const fields = new Map<string, unknown>(Object.entries(told));
    const [id, rows, last] = [fields.get('following'), fields.get('rows'), fields.get('newest')];
    if (typeof id !== 'string' || typeof rows !== 'string' || typeof last !== 'number') {
      throw new Error('What came is no answer.');
    }
    following = id;
    newest = last;
    const template = document.createElement('template');
    template.innerHTML = rows;
    const arrived = [...template.content.querySelectorAll('tr')];
    const body = rowsPlace();
    if (arrived.length > 0 && !body) {
      // The list was empty, and has a table now.
      location.reload();
      return;
    }
    came += arrived.length;
    if (body && arrived.length > 0) {
      if (held.length === 0 && !isReading(body)) {
        put(body, arrived);
      } else {
        held = [...arrived, ...held];
      }
    }
    tell();
    if (fields.get('more') === true) {
      end('More records came at once than are shown here, so the list has a gap.', 'again');
    } else if (came >= MOST) {
      end(`${records(came)} came since this page was opened, and more are not added to it.`, 'again');
    }
  };

  const refused = async (answer: Response): Promise<void> => {
    if (answer.status === 401) {
      end('Your session has ended, so nothing more arrives.', 'sign-in');
    } else if (answer.status === 410) {
      end('It has followed the log for an hour and stopped.', 'again');
    } else if (answer.status === 429 || answer.status >= 500) {
      const seconds = Number(answer.headers.get('retry-after') ?? NaN);
      throw new Error('Later.', { cause: seconds > 0 && seconds < 3600 ? seconds * 1000 : undefined });
    } else {
      end(`The service answered with status ${answer.status}, so nothing more arrives.`, 'again');
    }
  };

  const ask = async (): Promise<void> => {
    clearTimeout(later);
    if (isOver || document.hidden || asking) {
      return;
    }
    const mine = new AbortController();
    asking = mine;
    let waitMs = NEXT_MS;
    try {
      const query = `${news.includes('?') ? '&' : '?'}newest=${newest}&following=${following}`;
      const answer = await fetch(news + query, {
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        signal: mine.signal
      });
      await (answer.ok ? answer.json().then(take) : refused(answer));
    } catch (error) {
      if (mine.signal.aborted) {
        return;
      }
      const told = error instanceof Error && typeof error.cause === 'number' ? error.cause : LATER_MS;
      // Those that were refused together do not come back together.
      waitMs = told * (1 + Math.random() / 2);
      say('The service does not answer; what is shown may be old. It is asked again in a moment.');
    } finally {
      if (asking === mine) {
        asking = null;
      }
    }
    if (!isOver) {
      later = setTimeout(() => void ask(), waitMs);
    }
  };
  const stop = (): void => {
    clearTimeout(later);
    asking?.abort();
    asking = null;
  };

  // Nobody sees a hidden tab: it asks nothing, and learns the rest when it is seen again.
  document.addEventListener('visibilitychange', () => (document.hidden ? stop() : void ask()));
  window.addEventListener('pagehide', stop);
  window.addEventListener('pageshow', () => void ask());
  tell();
  void ask();
}
