// Requests in a real database, for looking at the pages: some open, some decided, one with odd texts, one of the reader's own.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { RequestWant } from '../../packages/protocol/src/index.js';
import { GroupCommit } from '../../packages/hub-service/src/ingest/group-commit.js';
import { Metrics } from '../../packages/hub-service/src/metrics.js';
import { PolicyInForce } from '../../packages/hub-service/src/policy/policy-in-force.js';
import { PolicyStore } from '../../packages/hub-service/src/policy/policy-store.js';
import { requestParts } from '../../packages/hub-service/src/requests/request-parts.js';
import type { IRequestParts } from '../../packages/hub-service/src/requests/request-routes.js';
import { openDatabase } from '../../packages/hub-service/src/store/database.js';
import { SqlLogWriter } from '../../packages/hub-service/src/store/sql-log-writer.js';

/** Numbers of the requests that are told apart by tests. */
export const idOf = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;

export async function someRequests(): Promise<IRequestParts> {
  const file = join(mkdtempSync(join(tmpdir(), 'labkeeper-ui-')), 'log.sqlite');
  const database = await openDatabase({ kind: 'sqlite', file }, () => undefined);
  const nowMs = (): number => Date.now();
  const writer = new SqlLogWriter(database, nowMs);
  const log = pino({ level: 'silent' });
  const parts = requestParts({
    ...{ database, writer, log, nowMs },
    policy: new PolicyInForce({
      path: null,
      store: new PolicyStore(database, nowMs),
      log,
      metrics: new Metrics(false)
    }),
    commit: new GroupCommit({
      ...{ writer, groupRecords: 10, waitingRecords: 100, monotonicMs: () => performance.now() },
      committed: () => undefined
    })
  });
  const ask = (at: number, user: string, want: RequestWant, reason: string) =>
    parts.requests.submit(
      { hub: 'hub', user, server: at % 2 ? 'gpu-large' : '', groups: ['lab-a', 'week-9'] },
      {
        ...{ id: idOf(at), want, reason },
        evidence: [
          {
            kind: 'deaths',
            title: 'Last deaths',
            lines: [
              {
                label: '2026-11-27 09:12',
                text: 'Kernel of counts.ipynb: memory limit of the container, certain'
              },
              {
                label: '2026-11-27 09:31',
                text: 'Kernel of counts.ipynb: memory limit of the container, certain'
              }
            ]
          },
          { kind: 'versions', title: 'Versions', lines: [{ label: 'Labkeeper', text: '0.5.0' }] }
        ]
      }
    );
  const staff = (words: string, messageId: string | null = null) =>
    ({ side: 'staff', by: 'lead', words, messageId }) as const;
  const torch = (version: string | null) =>
    ({ kind: 'package', ecosystem: 'pypi', name: 'torch', version }) as const;
  await ask(1, 'bob', torch('2.8.0'), 'For my thesis.');
  await parts.requests.act(idOf(1), 1, { kind: 'deny' }, staff('Use the CPU build that is approved.'));
  for (let at = 20; at < 75; at += 1) {
    await ask(at, `user-${at}`, { kind: 'tier', tier: 'large', durationMs: 172_800_000 }, 'More memory.');
  }
  await ask(2, 'alice', torch('2.9.1'), 'The course of week 9 needs it.\nThe exercises do not run without.');
  await ask(
    3,
    'mbatha-dlamini',
    { kind: 'help', title: 'My kernel dies when I load the counts' },
    'It worked last week.'
  );
  await parts.requests.act(idOf(3), null, { kind: 'say' }, staff('How large is the file?', idOf(900)));
  await ask(
    4,
    'mallory',
    { kind: 'help', title: `<b>"bold"</b>\u202Efdp.exe ${'long-'.repeat(30)}` },
    `<script>alert(1)</script>`
  );
  await ask(5, 'lead', torch(null), 'For me.');
  for (const [at, note] of [null, `It was my own ${'long-'.repeat(40)}exit().`, null].entries()) {
    await parts.feedback.say(
      { hub: 'hub', user: `user-${at}`, server: '', groups: [] },
      {
        ...{ id: idOf(800 + at), of: 'death', subject: `d${at}`, toldConfidence: 'certain', note },
        toldCause: at === 2 ? 'segfault' : 'memory-limit',
        ...{ answer: note === null ? 'yes' : 'no', cause: note === null ? null : 'exited' }
      }
    );
  }
  await parts.recorder.flush();
  return parts;
}
