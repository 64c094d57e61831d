import type { RequestWant } from '@labkeeper/protocol';

/** What a request is about, in a text that is the same for all requests about the same; null = each is about its own. */
export function subjectOf(want: RequestWant): string | null {
  switch (want.kind) {
    case 'package':
      return `package ${want.ecosystem} ${want.name}`;
    case 'tier':
      return `tier ${want.tier}`;
    default:
      return null;
  }
}
