import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import {
  feedbackGiven,
  parseParams,
  requestResult,
  requestsKnown,
  type VerdictFeedback
} from '@labkeeper/protocol';
import { createElement } from 'react';
import { FeedbackBook } from '../src/help/feedback-book.js';
import { RequestsLink } from '../src/help/requests-link.js';
import { Feedback } from '../src/help/view/feedback.js';
import { exampleDeath, exampleNotice, exampleVerdict } from './example-events.js';
import { FakeCompanion } from './fake-companion.js';
import { Kept } from './kept.js';
import { settled, until } from './until.js';

const DEATH = exampleDeath();
const YES = { answer: 'yes', cause: null, note: '' } as const;

/** What the page sent of feedback. */
function given(companion: FakeCompanion): VerdictFeedback[] {
  return companion.sent
    .map(frame => JSON.parse(frame))
    .filter(({ method }) => method === feedbackGiven.method)
    .map(({ params }) => parseParams(feedbackGiven, params));
}

describe('what is said of verdicts', () => {
  let companion: FakeCompanion;
  let keep: Kept;
  let book: FeedbackBook;
  const open = (): FeedbackBook => new FeedbackBook(new RequestsLink(companion), keep, 'feedback');
  beforeEach(() => {
    companion = new FakeCompanion();
    keep = new Kept();
    book = open();
  });
  const answer = (result: string, at = -1): void =>
    companion.say(requestResult, { ref: given(companion).at(at)?.id, result, message: null });

  it('is sent with the verdict it is about, and remembered so that nobody is asked twice', async () => {
    book.give(DEATH, { answer: 'no', cause: 'asked-for', note: ' It was me.\0 \ud800' });
    expect(given(companion)).toMatchObject([
      {
        ...{ of: 'death', subject: DEATH.id, answer: 'no', cause: 'asked-for', note: 'It was me. \ufffd' },
        ...{ toldCause: DEATH.verdict.cause, toldConfidence: DEATH.verdict.confidence }
      }
    ]);
    expect(book.standing(DEATH.id)).toBe('waiting');
    answer('done');
    await settled();
    expect(book.standing(DEATH.id)).toBe('sent');
    expect(open().standing(DEATH.id)).toBe('sent');
    expect(given(companion)).toHaveLength(1);
  });

  it('is kept here where there is no hub service, and not sent later without being asked', async () => {
    book.give(exampleNotice(), YES);
    answer('no-hub');
    await settled();
    expect(open().standing(exampleNotice().id)).toBe('kept');
    companion.become('connected');
    expect(given(companion)).toHaveLength(1);
  });

  it('is sent again, as the same answer, until the hub has it', async () => {
    companion.become('away');
    book.give(DEATH, YES);
    await settled();
    expect([given(companion).length, book.standing(DEATH.id)]).toEqual([0, 'waiting']);
    companion.become('connected');
    answer('later');
    await settled();
    companion.become('connected');
    const sent = given(companion);
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    answer('refused');
    await settled();
    expect(book.standing(DEATH.id)).toBe('refused');
  });

  it('is sent again when the hub is back, though the companion was here all the time', async () => {
    const list = (hub: string): void => companion.say(requestsKnown, { requests: [], isCut: false, hub });
    list('read');
    book.give(DEATH, YES);
    answer('later');
    await settled();
    list('failed');
    expect(given(companion)).toHaveLength(1);
    list('read');
    list('read');
    expect(new Set(given(companion).map(({ id }) => id)).size).toBe(1);
    expect(given(companion)).toHaveLength(2);
    answer('done');
    await settled();
    expect(book.standing(DEATH.id)).toBe('sent');
  });

  it('is sent by the companion when the hub can take it, and this page hears of that', async () => {
    book.give(DEATH, YES);
    answer('later');
    await settled();
    expect(book.standing(DEATH.id)).toBe('waiting');
    companion.say(requestResult, {
      ...{ ref: '6f0a3c1e-8d7b-4f7e-9c55-0f6d9c0b5a11', result: 'done', message: null }
    });
    expect(book.standing(DEATH.id)).toBe('waiting');
    answer('done', 0);
    expect(book.standing(DEATH.id)).toBe('sent');
    expect(open().standing(DEATH.id)).toBe('sent');
    expect(given(companion)).toHaveLength(1);
  });

  it('survives a damaged store, and keeps no more than a hundred', () => {
    for (const text of ['{', '[{"feedback":{},"standing":"sent"}]', '[1]', 'null']) {
      keep.setItem('feedback', text);
      expect(open().standing(DEATH.id)).toBeNull();
    }
    for (let at = 0; at < 150; at += 1) {
      book.give(exampleDeath({ id: `death ${at}` }), YES);
    }
    expect(JSON.parse(keep.getItem('feedback') ?? '[]')).toHaveLength(100);
    expect([book.standing('death 149'), book.standing('death 20')]).toEqual(['waiting', null]);
  });

  it('is asked by two buttons, and a wrong verdict by what it was instead', async () => {
    const trans = nullTranslator.load('labkeeper');
    const widget = ReactWidget.create(createElement(Feedback, { event: DEATH, book, trans }));
    Widget.attach(widget, document.body);
    const button = (label: string) =>
      [...widget.node.querySelectorAll('button')].find(({ textContent }) => textContent === label);
    await until(() => button('No') !== undefined, 'the question');
    button('No')?.click();
    await until(() => widget.node.querySelector('select') !== null, 'the list of causes');
    const causes = [...(widget.node.querySelector('select')?.options ?? [])].map(({ value }) => value);
    expect(causes).not.toContain(DEATH.verdict.cause);
    expect(causes).toContain('asked-for');
    button('Send')?.click();
    await until(() => widget.node.textContent?.includes('as soon as it answers') ?? false, 'thanks');
    answer('no-hub');
    await until(() => widget.node.textContent?.includes('kept in this browser only') ?? false, 'where it is');
    expect(button('No')).toBeUndefined();
    widget.dispose();
  });

  it('is not asked about what people did themselves', () => {
    expect(book.asksAbout(exampleVerdict({ cause: 'asked-for' }))).toBe(false);
    expect(book.asksAbout(exampleVerdict({ cause: 'unknown' }))).toBe(true);
  });
});
