import { type IRejected, otlpLogs, otlpRejected, syslogLine } from '@labkeeper/core';
import type { Forwarded, OutgoingTarget } from '@labkeeper/protocol';
import { post } from './post.js';
import { sendSyslog } from './syslog-send.js';
import { targetFile, targetUrl } from './target-files.js';

export type RecordTarget = Extract<OutgoingTarget, { kind: 'syslog' | 'otlp' }>;

/** For one batch, in ms. */
export const RECORDS_MS = 20_000;
/** Receivers of datagrams need take no more (RFC 5426 §3.2). */
const DATAGRAM_BYTES = 2048;

/** Who sends. */
export interface ISender {
  readonly hubId: string;
  readonly build: string;
}

/** Hands records over. @returns what was thrown away of them. @throws SendError; then all of them are to be sent again. */
export async function sendRecords(
  target: RecordTarget,
  records: readonly Forwarded[],
  { hubId, build }: ISender
): Promise<IRejected> {
  const allowInternal = target.allow_internal ?? null;
  const ca = target.ca_file === undefined ? null : await targetFile(target.ca_file);
  if (target.kind === 'syslog') {
    const url = targetUrl(target.url, ['tls:', 'tcp:', 'udp:']);
    const most = url.protocol === 'udp:' ? DATAGRAM_BYTES : null;
    const lines = records.map(record => syslogLine(record, hubId, most));
    await sendSyslog({ ...{ url, lines, allowInternal, ca }, timeoutMs: RECORDS_MS });
    return { count: 0, says: null };
  }
  const file = target.authorization_file;
  const answer = await post({
    url: targetUrl(target.url, ['https:', 'http:']),
    body: JSON.stringify(otlpLogs(records, hubId, build)),
    headers: file === undefined ? {} : { authorization: await targetFile(file) },
    ...{ allowInternal, ca },
    timeoutMs: RECORDS_MS
  });
  return otlpRejected(answer, records.length);
}
