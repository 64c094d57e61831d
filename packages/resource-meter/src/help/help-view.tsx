import { ReactWidget } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Quantities } from '@labkeeper/labkit';
import { requestSaid, requestSubmitted, requestWithdrawn, type RequestSummary } from '@labkeeper/protocol';
import { UUID } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { copyText } from '../deaths/deeds.js';
import {
  evidenceOf,
  mergedSections,
  textOf,
  wantOf,
  type IDraftSection,
  type IHelpDraft
} from './help-draft.js';
import { numberOf, outcomeWords, unreadWords } from './request-words.js';
import type { RequestsLink } from './requests-link.js';
import { storable } from './storable.js';
import { HelpPage } from './view/help-page.js';
import type { IAnswered } from './view/own-requests.js';

export interface IHelpViewOptions {
  readonly link: RequestsLink;
  readonly translator: ITranslator;
  readonly trans: TranslationBundle;
  /** Puts together what support needs. @param about - ids of events that it is about. */
  readonly gather: (about: readonly string[]) => Promise<readonly IDraftSection[]>;
}

/** The page "Get help". What is written in it stays while it is open. */
export class HelpView extends ReactWidget {
  constructor(private readonly options: IHelpViewOptions) {
    super();
    const { link, translator, trans } = options;
    this.id = 'labkeeper-help';
    this.addClass('lk-HelpView');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Get help'));
    this.say = new Quantities(translator);
    link.changed.connect(() => this.update(), this);
  }

  /** Begins with the facts about these events, or adds them; what was written, trimmed and unticked stays so. */
  async about(events: readonly string[]): Promise<void> {
    const named = events.filter(event => !this.events.includes(event));
    this.events = [...named, ...this.events];
    if (named.length > 0 || (this.gathered.length === 0 && this.readings === 0)) {
      await this.gather(named);
    }
  }

  override dispose(): void {
    this.options.link.shown = false;
    Signal.disconnectReceiver(this);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.options.link.shown = this.isVisible;
  }

  protected override onAfterShow(): void {
    this.options.link.shown = true;
  }

  protected override onAfterHide(): void {
    this.options.link.shown = false;
  }

  protected override onActivateRequest(): void {
    // Lab activates also on a click within: what is clicked must neither move nor lose the focus.
    if (!this.node.contains(document.activeElement)) {
      (this.node.querySelector('textarea') ?? this.node).focus({ preventScroll: true });
    }
  }

  protected override render(): JSX.Element {
    const { link, trans } = this.options;
    const { companion, known, stories } = link;
    return (
      <HelpPage
        link={companion.state}
        reason={companion.reason}
        draft={this.draft}
        draftNumber={this.draftNumber}
        isReading={this.readings > 0}
        onEdit={change => {
          // Another text is another request.
          this.requestId = UUID.uuid4();
          return (this.draft = change(this.draft));
        }}
        nowMs={Date.now() - companion.clockAheadMs}
        deeds={this.deeds}
        say={this.say}
        {...{ known, stories, trans }}
      />
    );
  }

  /** @param named - ids of events that help is asked about only now. */
  private async gather(named: readonly string[]): Promise<void> {
    this.readings += 1;
    this.update();
    try {
      const fresh = await this.options.gather(this.events);
      // It takes a while, and the page can be used meanwhile.
      const sections = mergedSections(fresh, this.gathered, this.draft.sections, named);
      this.gathered = fresh;
      this.replace({ ...this.draft, sections });
    } finally {
      this.readings -= 1;
      this.update();
    }
  }

  private replace(draft: IHelpDraft): void {
    this.draft = draft;
    // Other facts are another request: with the old id the hub would answer about what it has.
    this.requestId = UUID.uuid4();
    this.draftNumber += 1;
    this.update();
  }

  private readonly deeds = {
    send: () => this.send(),
    copy: async () =>
      (await copyText(textOf(this.draft)))
        ? this.options.trans.__('Copied.')
        : this.options.trans.__('The browser does not let this page use the clipboard.'),
    save: () => this.save(),
    renew: () => void this.gather([]),
    read: async (id: string) => unreadWords(await this.options.link.read(id), this.options.trans),
    withdraw: (request: RequestSummary) => this.withdraw(request),
    answer: (id: string, text: string) => this.answer(id, text)
  };

  private async send(): Promise<string> {
    const { link, trans } = this.options;
    const { draft, requestId: id } = this;
    const request = { id, want: wantOf(draft), reason: storable(draft.note), evidence: evidenceOf(draft) };
    const outcome = await link.ask(requestSubmitted, request, id);
    if (outcome.result === 'done') {
      this.events = [];
      // What was written meanwhile was not sent.
      if (this.draft.note === draft.note) {
        this.replace({ ...this.draft, note: '' });
      }
    }
    return outcomeWords(outcome, trans.__('Sent. It is request %1.', numberOf(id)), trans);
  }

  private save(): string {
    const { trans } = this.options;
    const url = URL.createObjectURL(new Blob([textOf(this.draft)], { type: 'text/plain' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = 'labkeeper-help.txt';
    link.click();
    URL.revokeObjectURL(url);
    return trans.__('Saved as labkeeper-help.txt, where your browser puts downloads.');
  }

  private async withdraw({ id, version }: RequestSummary): Promise<string> {
    const { link, trans } = this.options;
    return outcomeWords(
      await link.ask(requestWithdrawn, { id, version }, id),
      trans.__('It is withdrawn.'),
      trans
    );
  }

  private async answer(id: string, written: string): Promise<IAnswered> {
    const { link, trans } = this.options;
    const text = storable(written);
    const last = this.unsaid.get(id);
    const message = last?.text === text ? last.message : UUID.uuid4();
    this.unsaid.set(id, { message, text });
    const outcome = await link.ask(requestSaid, { id, message, text }, message);
    const isDone = outcome.result === 'done';
    if (isDone && this.unsaid.get(id)?.message === message) {
      this.unsaid.delete(id);
    }
    return { isDone, words: outcomeWords(outcome, trans.__('Sent.'), trans) };
  }

  private draft: IHelpDraft = { note: '', sections: [] };
  private draftNumber = 0;
  private events: readonly string[] = [];
  /** The facts as they were read last, before anybody changed them. */
  private gathered: readonly IDraftSection[] = [];
  private readings = 0;
  /** The answers that the hub may not have, by request: the same text sent twice is one answer. */
  private readonly unsaid = new Map<string, { readonly message: string; readonly text: string }>();
  /** The same text sent twice is one request. */
  private requestId = UUID.uuid4();
  private readonly say: Quantities;
}
