import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startService, type IRunningService } from './support/running-service.js';

const FOLDER = join(__dirname, '../../../jupyter-config');
const DASHBOARD = join(FOLDER, 'grafana/labkeeper.json');
const RULES = join(FOLDER, 'prometheus/labkeeper-rules.yaml');

let service: IRunningService;
const served = new Map<string, string>();

beforeAll(async () => {
  service = await startService('sqlite');
  const text = await (await fetch(`${service.url}metrics`)).text();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    served.set(name ?? '', type ?? '');
  }
});
afterAll(() => service.close());

/** Names of ours in expressions of PromQL. */
const named = (text: string): string[] => [
  ...new Set([...text.matchAll(/\blabkeeper_\w+/g)].map(([name]) => name))
];
/** What serves a name: a histogram has three of them. */
const source = (name: string): string | undefined => {
  const whole = /^(.*)_(bucket|sum|count)$/.exec(name)?.[1] ?? '';
  return served.get(name) ?? (served.get(whole) === 'histogram' ? 'histogram' : undefined);
};

it.each([
  ['the dashboard', DASHBOARD],
  ['the alert rules', RULES]
])('%s names only metrics that are served', (_what, file) => {
  const names = named(readFileSync(file, 'utf8'));
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter(name => source(name) === undefined)).toEqual([]);
});

it('the dashboard counts what only grows by its growth, and nothing else', () => {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8'));
  const expressions: string[] = panels.flatMap((panel: { targets: { expr: string }[] }) =>
    panel.targets.map(({ expr }) => expr)
  );
  expect(expressions.length).toBeGreaterThan(15);
  for (const expression of expressions) {
    for (const name of named(expression)) {
      const isGrowing = source(name) === 'counter' || source(name) === 'histogram';
      const growth = new RegExp(`(rate|increase)\\(${name}(\\{[^}]*\\})?\\[`);
      expect([expression, growth.test(expression)]).toEqual([expression, isGrowing]);
    }
  }
});
