import type { Announcement } from '@labkeeper/protocol';

/** What chats of Slack's kind take. */
export interface ISlackMessage {
  /** For notifications, and for chats that know no blocks. */
  readonly text: string;
  readonly blocks: readonly object[];
}

/** Longest text of a header, and of a section (Slack refuses longer ones). */
const HEADER_LENGTH = 150;
const SECTION_LENGTH = 2900;
const PAGE = 'Page';

/** An announcement for people in a chat. Nothing that comes from a user can make a link, a mention or a format. */
export function slackMessage(announcement: Announcement): ISlackMessage {
  const { title, lines } = told(announcement);
  const facts = lines.filter(([, value]) => value !== null && value !== '');
  const section = facts.map(([name, value]) => `*${name}:* ${factText(name, value)}`).join('\n');
  return {
    text: cut([slackText(title), ...facts.map(([name, value]) => factText(name, value))].join(' · '), 3000),
    blocks: [
      // Plain text: it is shown as it is.
      { type: 'header', text: { type: 'plain_text', text: cut(plain(title), HEADER_LENGTH), emoji: false } },
      {
        type: 'section',
        text: { type: 'mrkdwn', text: cut(section, SECTION_LENGTH), verbatim: true }
      }
    ]
  };
}

/** The page's address is the service's own: the only one that is to be a link. */
function factText(name: string, value: string | number | null): string {
  return name === PAGE ? escaped(plain(String(value))) : slackText(String(value));
}

/**
 * Escapes what Slack reads as markup: `&`, `<` and `>` as it asks, control characters and directions of writing away, and
 * the characters of its formats held apart by a character without width, because it has no escape for them. So are those of
 * Markdown's links and the beginnings of addresses: Mattermost reads them in messages of Slack's kind.
 */
export function slackText(text: string): string {
  return escaped(plain(text))
    .replace(/[*_~`@#![\]()]/g, '\u200B$&\u200B')
    .replace(/:(?=\/\/)|www(?=\.)/gi, '$&\u200B');
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]+/gu, ' ').trim();
}

/** Not inside an entity, or a pair of surrogates. */
function cut(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text.slice(0, length - 1).replace(/(&[a-z]{0,3}|[\uD800-\uDBFF])$/u, '')}…`;
}

type Line = readonly [string, string | number | null];

function told(announcement: Announcement): { readonly title: string; readonly lines: readonly Line[] } {
  switch (announcement.type) {
    case 'request.made':
    case 'request.decided': {
      const { user, kind, title, state, by, reason, link, hub } = announcement.data;
      const isMade = announcement.type === 'request.made';
      return {
        title: isMade ? `${user} asks: ${title}` : `Request ${state}: ${title}`,
        lines: [
          ['User', user],
          ['Kind', kind],
          ['State', state],
          ['By', by],
          ['Reason', reason],
          ['Hub', hub],
          [PAGE, link]
        ]
      };
    }
    case 'kernel.died': {
      const { user, server, cause, headline, hub } = announcement.data;
      return {
        title: `Kernel of ${user} died`,
        lines: [
          ['What', headline],
          ['Cause', cause],
          ['Server', server],
          ['Hub', hub]
        ]
      };
    }
    case 'install.blocked': {
      const { user, server, package: name, version, rule, reason, index, hub } = announcement.data;
      return {
        title: `Install blocked: ${[name ?? 'a package', version].join(' ').trim()}`,
        lines: [
          ['User', user],
          ['Server', server],
          ['Rule', rule],
          ['Reason', reason],
          ['Record', index],
          ['Hub', hub]
        ]
      };
    }
    case 'user.offboarded': {
      const { user, by, complete, failed, index, hub } = announcement.data;
      return {
        title: complete ? `${user} was offboarded` : `${user} was offboarded in part`,
        lines: [
          ['By', by],
          ['Not done', failed.join(' ')],
          ['Record', index],
          ['Hub', hub]
        ]
      };
    }
  }
}
