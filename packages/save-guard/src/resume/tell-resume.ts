import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IClock } from '@labkeeper/labkit';
import type { IDisposable } from '@lumino/disposable';
import type { GuardManager } from '../guard-manager.js';
import type { EarlierSessionModel } from './earlier-session-model.js';
import type { ResumeWords } from './resume-words.js';

/** What is heard within this time is told together: Lab cannot change a notification before it has drawn it. */
const TOGETHER_MS = 1000;

export interface ITellResumeOptions {
  readonly manager: GuardManager;
  readonly earlier: EarlierSessionModel;
  readonly words: ResumeWords;
  readonly trans: TranslationBundle;
  readonly clock: IClock;
  readonly show: () => void;
}

/**
 * Says once that the last server ended with something that people want to know: without warning, in the middle of a cell,
 * or with work that was recovered. What is found later joins the same notification.
 */
export function tellResume({ manager, earlier, words, trans, clock, show }: ITellResumeOptions): void {
  const toldRecoveries = new Set<string>();
  let sessionSentence = '';
  let recoveredSentence = '';
  let notification: string | null = null;
  let timer: IDisposable | null = null;

  const tell = (): void => {
    timer = null;
    const message = [sessionSentence, recoveredSentence].filter(Boolean).join(' ');
    if (notification !== null && Notification.manager.has(notification)) {
      Notification.update({ id: notification, message });
    } else {
      notification = Notification.emit(message, 'info', {
        autoClose: false,
        actions: [{ label: trans.__('Show'), callback: show, displayType: 'accent' }]
      });
    }
  };
  const tellSoon = (): void => {
    timer ??= clock.after(TOGETHER_MS, tell);
  };
  const onSession = (): void => {
    const { session } = earlier;
    const isRunning = session?.documents.some(({ running }) => running !== null) ?? false;
    if (session && !session.told && (!session.orderly || isRunning)) {
      earlier.told(session.id);
      sessionSentence = words.summary(session, Date.now());
      tellSoon();
    }
  };
  earlier.changed.connect(onSession);
  manager.recovered.connect((_, recoveries) => {
    const news = recoveries.filter(({ id }) => !toldRecoveries.has(id));
    news.forEach(({ id }) => toldRecoveries.add(id));
    if (news.length > 0) {
      const ofPages = recoveries.filter(({ sameServer }) => sameServer).length;
      recoveredSentence = [
        ...sentencesIf(recoveries.length - ofPages, count =>
          trans._n(
            'A document held more than its file when the last server or a save ended. Its work is recovered.',
            '%1 documents held more than their files when the last server or a save ended. Their work is recovered.',
            count
          )
        ),
        ...sentencesIf(ofPages, count =>
          trans._n(
            'A document held more than its file when its page went away. Its work is recovered.',
            '%1 documents held more than their files when their pages went away. Their work is recovered.',
            count
          )
        )
      ].join(' ');
      tellSoon();
    }
  });
  onSession();
}

function sentencesIf(count: number, sentence: (count: number) => string): string[] {
  return count > 0 ? [sentence(count)] : [];
}
