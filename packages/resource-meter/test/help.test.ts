import { nullTranslator } from '@jupyterlab/translation';
import { Quantities } from '@labkeeper/labkit';
import {
  parseParams,
  requestResult,
  requestsKnown,
  requestStory,
  requestSubmitted,
  requestWithdrawn,
  type RequestStory,
  type RequestSummary
} from '@labkeeper/protocol';
import { Widget } from '@lumino/widgets';
import {
  evidenceOf,
  excessOf,
  mergedSections,
  textOf,
  wantOf,
  withItem,
  type IHelpDraft
} from '../src/help/help-draft.js';
import { helpFacts } from '../src/help/help-facts.js';
import { HelpView } from '../src/help/help-view.js';
import { RequestsLink } from '../src/help/requests-link.js';
import { exampleSample } from './example-events.js';
import { FakeCompanion } from './fake-companion.js';
import { settled, until } from './until.js';

jest.setTimeout(30_000);

const trans = nullTranslator.load('labkeeper');
const SECRET = 'secret-notebook.ipynb';
const DRAFT: IHelpDraft = {
  note: ' My kernel dies.\nEvery day. ',
  sections: [
    {
      kind: 'meter',
      title: 'What is in use',
      items: [
        { label: 'Memory', text: '7 of 8 GB', isIn: true },
        { label: 'Kernel', text: SECRET, isIn: true }
      ]
    },
    { kind: 'records', title: 'Last installs', items: [{ label: 'today', text: 'numpy', isIn: false }] }
  ]
};

describe('what goes to support', () => {
  it('is what is ticked and not empty, and nothing else', () => {
    const trimmed = withItem(withItem(DRAFT, 0, 1, { isIn: false }), 0, 0, { text: '7 GB' });
    expect(evidenceOf(trimmed)).toEqual([
      { kind: 'meter', title: 'What is in use', lines: [{ label: 'Memory', text: '7 GB' }] }
    ]);
    expect(textOf(trimmed)).toBe('My kernel dies.\nEvery day.\n\n== What is in use ==\nMemory: 7 GB\n');
    expect(evidenceOf(withItem(trimmed, 0, 0, { text: ' ' }))).toEqual([]);
    expect(wantOf(DRAFT)).toEqual({ kind: 'help', title: 'My kernel dies.' });
  });

  it('is never a message that the companion refuses, whatever was typed', () => {
    const odd = '\0\ud800'.repeat(3000);
    const draft = withItem({ ...DRAFT, note: `a${odd}` }, 0, 0, { text: `x${odd}`, label: odd });
    const request = { want: wantOf(draft), reason: 'a', evidence: evidenceOf(draft) };
    expect(() =>
      parseParams(requestSubmitted, { id: '6f0a3c1e-8d7b-4f7e-9c55-0f6d9c0b5a11', ...request })
    ).not.toThrow();
  });

  it('ticks what help is asked about only now, and keeps what was done to a fact that is gone for a while', () => {
    const event = (id: string, isIn: boolean) => ({ id, label: 'then', text: id, isIn });
    const read = [{ kind: 'deaths', title: 'x', items: [event('a', true), event('b', false)] }] as const;
    const left = [{ ...read[0], items: [event('a', false), event('b', false)] }];
    const ticks = (sections: IHelpDraft['sections']) =>
      sections.flatMap(({ items }) => items.map(({ id, isIn }) => [id, isIn]));
    const now = [
      ['a', false],
      ['b', true]
    ];
    expect(ticks(mergedSections(read, read, left, ['b']))).toEqual(now);
    const gone = mergedSections([], read, left, []);
    expect(ticks(gone)).toEqual([['a', false]]);
    expect(ticks(mergedSections(read, [], gone, []))).toEqual([
      ['a', false],
      ['b', false]
    ]);
  });

  it('says by how much it is too long', () => {
    const items = Array.from({ length: 40 }, () => ({ label: 'a', text: 'b'.repeat(2000), isIn: true }));
    const draft: IHelpDraft = { note: '', sections: [{ kind: 'other', title: 'x', items }] };
    expect(excessOf(draft)).toBeGreaterThan(40_000);
    expect(excessOf(DRAFT)).toBe(0);
  });

  it('holds the meter, versions and records, as far as they are known', () => {
    const companion = new FakeCompanion();
    companion.saySample(exampleSample(7e9));
    if (companion.info) {
      companion.info = { ...companion.info, python: '3.13', image: 'lab:1' };
    }
    const facts = helpFacts({
      ...{ companion, trans, words: null, about: [], application: 'JupyterLab 4.6.6', browser: 'Firefox' },
      records: [{ label: 'today', text: 'Installed numpy 2.3' }],
      say: new Quantities(nullTranslator)
    });
    expect(facts.map(({ kind }) => kind)).toEqual(['meter', 'versions', 'records']);
    const lines = facts.flatMap(({ items }) => items.map(({ label, text }) => `${label}: ${text}`));
    expect(lines).toEqual(
      expect.arrayContaining(['Application: JupyterLab 4.6.6', 'Python: 3.13', 'Image: lab:1'])
    );
    expect(lines.some(line => line.startsWith('Memory: '))).toBe(true);
  });
});

describe('the page', () => {
  let companion: FakeCompanion;
  let view: HelpView;
  let facts: IHelpDraft['sections'];
  beforeEach(async () => {
    companion = new FakeCompanion();
    facts = DRAFT.sections;
    const gather = (): Promise<IHelpDraft['sections']> => Promise.resolve(facts);
    view = new HelpView({ link: new RequestsLink(companion), translator: nullTranslator, trans, gather });
    Widget.attach(view, document.body);
    await view.about([]);
    await until(() => box('Kernel') !== undefined, 'the facts');
  });
  afterEach(() => view.dispose());

  const says = (text: string) => until(() => view.node.textContent?.includes(text) ?? false, text);
  const button = (label: string) =>
    [...view.node.querySelectorAll('button')].find(({ textContent }) => textContent === label);
  const box = (label: string) =>
    [...view.node.querySelectorAll('label')]
      .find(({ textContent }) => textContent?.trim() === label)
      ?.querySelector('input');
  const sent = (method: string) =>
    companion.sent.map(frame => JSON.parse(frame)).filter(frame => frame.method === method);
  const summary = (more: Partial<RequestSummary> = {}): RequestSummary => ({
    ...{ id: '6f0a3c1e-8d7b-4f7e-9c55-0f6d9c0b5a11', version: 1, state: 'requested', reason: 'x' },
    ...{ want: { kind: 'help', title: '<b>My kernel</b> dies.' }, server: '', createdAtMs: 1 },
    ...{ changedAtMs: 1, lapsesAtMs: null, untilMs: null, decision: null, messages: 0, lastFrom: null },
    ...more
  });
  const list = (requests: RequestSummary[], hub = 'read') =>
    companion.say(requestsKnown, { requests, isCut: false, hub });
  const memory = () =>
    view.node.querySelector<HTMLTextAreaElement>('textarea[aria-label="Memory: text"]')?.value;
  function write(text: string, note = view.node.querySelector('textarea')): void {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')?.set?.call(note, text);
    note?.dispatchEvent(new Event('input', { bubbles: true }));
  }

  it('sends what is left ticked, says its number, and begins anew', async () => {
    list([]);
    await says('You have asked for nothing yet.');
    expect(button('Send to support')?.disabled).toBe(true);
    write('My kernel dies.');
    box('Kernel')?.click();
    await until(() => button('Send to support')?.disabled === false, 'the button');
    button('Send to support')?.click();
    await until(() => sent('requests/submit').length === 1, 'the request');
    const { params } = sent('requests/submit')[0];
    expect(params).toMatchObject({ want: { kind: 'help', title: 'My kernel dies.' } });
    expect(JSON.stringify(params)).not.toContain(SECRET);
    expect(JSON.stringify(params)).not.toContain('numpy');
    companion.say(requestResult, { ref: params.id, result: 'done', message: null });
    await says(`Sent. It is request ${params.id.slice(0, 8)}.`);
    await until(() => view.node.querySelector('textarea')?.value === '', 'an empty note');
  });

  it('sends the same request again when the hub did not answer', async () => {
    list([]);
    write('My kernel dies.');
    for (const result of ['later', 'done']) {
      await until(() => button('Send to support')?.disabled === false, 'the button');
      const before = sent('requests/submit').length;
      button('Send to support')?.click();
      await until(() => sent('requests/submit').length > before, 'the request');
      companion.say(requestResult, { ref: sent('requests/submit').at(-1).params.id, result, message: null });
      await says(result === 'done' ? 'Sent.' : 'it cannot arrive twice');
    }
    expect(new Set(sent('requests/submit').map(({ params }) => params.id)).size).toBe(1);
  });

  it('leaves what was unticked and trimmed as it is, however often help is asked for', async () => {
    list([]);
    box('Kernel')?.click();
    facts = withItem(DRAFT, 0, 0, { text: '6 of 8 GB' }).sections;
    await view.about([]);
    await settled();
    expect([box('Kernel')?.checked, memory()]).toEqual([false, '7 of 8 GB']);
    await view.about(['death 1']);
    await settled();
    expect([box('Kernel')?.checked, memory()]).toEqual([false, '6 of 8 GB']);
  });

  it('is another request once the facts were read again', async () => {
    list([]);
    write('My kernel dies.');
    for (const at of [1, 2]) {
      await until(() => button('Send to support')?.disabled === false, 'the button');
      button('Send to support')?.click();
      await until(() => sent('requests/submit').length === at, 'the request');
      const { id } = sent('requests/submit').at(-1).params;
      companion.say(requestResult, { ref: id, result: 'later', message: null });
      await says('Try again in a minute');
      button('Read the facts again')?.click();
      await settled();
    }
    expect(new Set(sent('requests/submit').map(({ params }) => params.id)).size).toBe(2);
  });

  it('keeps what is written while the request is on its way', async () => {
    list([]);
    write('My kernel dies.');
    await until(() => button('Send to support')?.disabled === false, 'the button');
    button('Send to support')?.click();
    await until(() => sent('requests/submit').length === 1, 'the request');
    write('And another thing.');
    const { id } = sent('requests/submit')[0].params;
    companion.say(requestResult, { ref: id, result: 'done', message: null });
    await says('Sent.');
    await settled();
    expect(view.node.querySelector('textarea')?.value).toBe('And another thing.');
  });

  it('keeps an answer to support until the hub has it, and sends it as the same one', async () => {
    const [one, two] = [summary(), summary({ id: '6f0a3c1e-8d7b-4f7e-9c55-0f6d9c0b5a13' })];
    list([one, two]);
    const shows = (): HTMLButtonElement[] =>
      [...view.node.querySelectorAll('button')].filter(({ textContent }) => textContent?.startsWith('Show'));
    await until(() => shows().length === 2, 'both requests');
    shows()[0]?.click();
    await until(() => sent('requests/read').length === 1, 'the question');
    companion.say(requestStory, { ...one, evidence: [], thread: [] });
    const answer = () => view.node.querySelector<HTMLTextAreaElement>('.lk-Requests-story textarea');
    await until(() => answer() !== null, 'the story');
    write('It helped.', answer());
    shows()[0]?.click();
    await until(() => sent('requests/read').length === 2, 'the second question');
    companion.say(requestStory, { ...two, evidence: [], thread: [] });
    await until(() => view.node.querySelectorAll('.lk-Requests-story').length === 2, 'both stories');
    expect(answer()?.value).toBe('It helped.');
    for (const result of ['later', 'done']) {
      const before = sent('requests/say').length;
      button('Send answer')?.click();
      await until(() => sent('requests/say').length > before, 'the answer');
      const { message } = sent('requests/say').at(-1).params;
      companion.say(requestResult, { ref: message, result, message: null });
      await says(result === 'done' ? 'Sent.' : 'Try again in a minute');
      await settled();
      expect(answer()?.value).toBe(result === 'done' ? '' : 'It helped.');
    }
    expect(new Set(sent('requests/say').map(({ params }) => params.message)).size).toBe(1);
  });

  it('says that an open request cannot be read, and reads it when the hub is back or it changed', async () => {
    list([summary()]);
    await until(() => button('Show (0 messages)') !== undefined, 'the request');
    button('Show (0 messages)')?.click();
    const read = () => sent('requests/read').length;
    await until(() => read() === 1, 'the question');
    companion.say(requestResult, { ref: summary().id, result: 'later', message: null });
    await says('Close this and open it again');
    list([summary()], 'failed');
    await says('It is asked again by itself.');
    await until(() => read() === 2, 'one more try');
    list([summary()]);
    await until(() => read() === 3, 'the question to the hub that is back');
    companion.say(requestStory, { ...summary(), evidence: [], thread: [] });
    await until(() => view.node.querySelector('.lk-Requests-story') !== null, 'the story');
    list([summary({ version: 2, changedAtMs: 2, messages: 1 })]);
    await until(() => read() === 4, 'the question about what is new');
  });

  it('only copies and saves where no hub service is named', async () => {
    list([], 'none');
    await says('No hub service is named');
    expect(button('Send to support')?.disabled).toBe(true);
    expect([button('Copy')?.disabled, button('Save as file')?.disabled]).toEqual([false, false]);
  });

  it('shows answers as text, and withdraws only when asked twice', async () => {
    const request = summary({ messages: 1, lastFrom: 'staff' });
    list([request]);
    await says('Answered');
    expect(view.node.querySelector('.lk-Requests b')).toBeNull();
    button('Show (1 message)')?.click();
    await until(() => sent('requests/read').length === 1, 'the question');
    const story: RequestStory = {
      ...{ ...request, evidence: [] },
      thread: [
        {
          ...{ id: '6f0a3c1e-8d7b-4f7e-9c55-0f6d9c0b5a12', atMs: 2, from: 'staff', by: 'ada' },
          text: '<i>Use less memory.</i>'
        }
      ]
    };
    companion.say(requestStory, story);
    await says('Support (ada)');
    await says('<i>Use less memory.</i>');
    button('Withdraw')?.click();
    await until(() => button('Withdraw it for good') !== undefined, 'the second question');
    expect(sent('requests/withdraw')).toEqual([]);
    button('Withdraw it for good')?.click();
    await until(() => sent('requests/withdraw').length === 1, 'the withdrawal');
    expect(() => parseParams(requestWithdrawn, sent('requests/withdraw')[0].params)).not.toThrow();
    companion.say(requestResult, { ref: request.id, result: 'done', message: null });
    await says('It is withdrawn.');
    list([summary({ state: 'withdrawn', version: 2 })]);
    await says('Withdrawn');
  });
});
