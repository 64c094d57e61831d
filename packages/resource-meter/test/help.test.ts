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
import { evidenceOf, excessOf, textOf, wantOf, withItem, type IHelpDraft } from '../src/help/help-draft.js';
import { helpFacts } from '../src/help/help-facts.js';
import { HelpView } from '../src/help/help-view.js';
import { RequestsLink } from '../src/help/requests-link.js';
import { exampleSample } from './example-events.js';
import { FakeCompanion } from './fake-companion.js';
import { until } from './until.js';

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
  beforeEach(async () => {
    companion = new FakeCompanion();
    const gather = (): Promise<IHelpDraft['sections']> => Promise.resolve(DRAFT.sections);
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
  function write(text: string): void {
    const note = view.node.querySelector('textarea');
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
    button('Show (1 answer)')?.click();
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
