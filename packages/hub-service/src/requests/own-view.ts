import type { RequestStory, RequestSummary } from '@labkeeper/protocol';
import type { IRequestRow, IRequestWhole } from '../store/requests.js';

/** What a companion is told of a request of its own user. */
export function summaryOf(row: IRequestRow): RequestSummary {
  const { hub: _hub, user: _user, groups: _groups, ...summary } = row;
  return summary;
}

/** The same with its story; what others asked for is not in it. */
export function storyOf({
  evidence,
  thread,
  acts: _acts,
  similar: _similar,
  ...row
}: IRequestWhole): RequestStory {
  return { ...summaryOf(row), evidence: [...evidence], thread: [...thread] };
}
