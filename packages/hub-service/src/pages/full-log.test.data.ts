import type { MemoryLog } from './memory-log.test.data.js';

const USERS = ['alice', 'bob', 'mbatha-dlamini', 'a.very.long.account.name@physics.university.example.org'];
const PACKAGES = [
  'polars',
  'numpy',
  'typing-extensions',
  'opentelemetry-instrumentation-sqlalchemy',
  'scikit-learn'
];
const PATH = '/home/alice/.venv/lib/python3.11/site-packages';

/** 200 made-up records, some of them odd, for looking at the pages. */
export function fillLog(log: MemoryLog): void {
  log.add({
    record: { action: 'opened', package: null, tool: null, evidence: [], outcome: null },
    digest: 0
  });
  for (let at = 1; at < 190; at += 1) {
    const name = PACKAGES[at % PACKAGES.length] ?? '';
    log.add({
      user: USERS[at % USERS.length],
      server: at % 7 === 0 ? 'gpu-large' : '',
      groups: ['lab-a'],
      digest: at < 150 ? Math.floor(at / 60) : null,
      personal: {
        salt: '0'.repeat(32),
        prefix: PATH,
        notebook: null,
        argv: ['pip', 'install', name],
        directUrl: null
      },
      // As the hub grades what its own index served.
      ...(at % 6 === 0 && { grade: 'confirmed' }),
      record: {
        action: at % 9 === 0 ? 'deny' : at % 4 === 0 ? 'found-on-disk' : at % 5 === 0 ? 'upgrade' : 'install',
        tool: at % 4 === 0 ? null : { name: at % 3 === 0 ? 'uv' : 'pip', version: '25.3' },
        package: {
          ecosystem: 'pypi',
          name,
          version: `1.${at}.0`,
          requested: at % 2 === 0,
          installer: 'pip',
          recordDigest: 'a'.repeat(64),
          files: 120 + at,
          origin: 'index'
        },
        decision:
          at % 3 === 0
            ? {
                effect: at % 9 === 0 ? 'deny' : at % 6 === 0 ? 'warn' : 'allow',
                ruleId: 'min-age',
                policyDigest: 'c'.repeat(64),
                reason: at % 9 === 0 ? 'It is younger than seven days.' : 'Approved by rule data-core.'
              }
            : null,
        evidence: [
          ...(at % 5 === 0 ? [] : [{ source: 'disk' as const, ref: null }]),
          ...(at % 6 === 0 ? [{ source: 'gateway' as const, ref: 'index request 1f3a' }] : []),
          ...(at % 4 === 0 ? [] : [{ source: 'report' as const, ref: 'pip --report' }])
        ]
      }
    });
  }
  log.add({ opaque: 'AAECAwQ=', user: 'bob' });
  log.add({ user: null, server: null });
  log.add({
    record: {
      action: 'gap',
      package: null,
      tool: null,
      outcome: null,
      evidence: [],
      gap: { cause: 'spool-lost', sinceMs: Date.UTC(2026, 10, 27, 3), count: 12 }
    }
  });
  log.add({
    user: 'mallory',
    server: `<b>"bold"</b>\u202Efdp.exe`,
    record: {
      tool: { name: `<script>alert('x')</script>`, version: null },
      package: {
        ecosystem: 'unknown',
        name: `${'long-'.repeat(40)}name\u200B`,
        version: '\u001b[31m1.0',
        requested: null,
        installer: null,
        recordDigest: null,
        files: null,
        origin: 'unknown'
      },
      evidence: [{ source: 'report', ref: null }]
    }
  });
  for (let at = 0; at < 6; at += 1) {
    log.add({ user: 'alice', server: 'gpu-large' });
  }
}
