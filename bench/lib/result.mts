import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { currentCommit, describeMachine } from './machine.mts';
import { isTrial } from './trial.mts';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'results');

/** One measured figure. */
export interface IFigure {
  readonly id: string;
  /** What it is, one sentence. */
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  /** How many observations it rests on. */
  readonly n: number;
  readonly peer?: { readonly name: string; readonly value: number };
  /** Raw observations, or what makes up the value. */
  readonly samples: unknown;
}

/** Prints the figure and writes it to `bench/results/<id>.json`; a trial's is printed only, with its raw observations. */
export function record(figure: IFigure, bench: string): void {
  if (!Number.isFinite(figure.value)) throw new Error(`${figure.id} came out as ${figure.value}`);
  const value = Number(figure.value.toPrecision(4));
  const result = {
    id: figure.id,
    what: figure.what,
    unit: figure.unit,
    value,
    n: figure.n,
    peer: figure.peer ?? null,
    at: new Date().toISOString(),
    machine: describeMachine(),
    commit: currentCommit(),
    command: `npm run bench -- ${bench}`,
    samples: figure.samples
  };
  if (isTrial) console.log(JSON.stringify(figure.samples), '\n(a trial: not recorded)');
  else {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${figure.id}.json`), `${JSON.stringify(result, null, 1)}\n`);
  }
  console.log(
    `${figure.id.padEnd(26)} ${String(value).padStart(10)} ${figure.unit.padEnd(8)} n=${figure.n}  ${figure.what}`
  );
}

/** Makes `bench/RESULTS.md` from all results; not in a trial. */
export function writeTable(): void {
  if (isTrial) return;
  const rows = readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .sort()
    .map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    .map(
      r =>
        `| ${r.id} | ${r.what} | ${r.value} ${r.unit} | ${r.n} | ${r.peer ? `${r.peer.name}: ${r.peer.value}` : ''} | ${r.commit} |`
    );
  const head =
    '# Measured\n\nMade by `npm run bench` from `bench/results/`; each file there holds its machine, command and raw samples.\n\n';
  const table = '| id | what | value | n | peer | commit |\n| --- | --- | --- | --- | --- | --- |\n';
  writeFileSync(join(dirname(folder), 'RESULTS.md'), `${head}${table}${rows.join('\n')}\n`);
}
