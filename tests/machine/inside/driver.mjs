import { writeFileSync } from 'node:fs';
import { Reporting } from '../reporting.mjs';
import { report, words } from './report.mjs';
import { SCENARIOS } from './scenarios.mjs';

// Whatever runs out of memory here, the one who tells of it must live.
writeFileSync('/proc/self/oom_score_adj', '-1000');

const only = words.get('only')?.split(',') ?? null;
const kills = Number(words.get('kills') ?? '3');
report({ kind: 'up', uptimeMs: Math.round(process.uptime() * 1000) });
const reporting = new Reporting();
reporting.take = report;
await reporting.run(SCENARIOS, { only, kills });
report({ kind: 'done' });
process.exit(0);
