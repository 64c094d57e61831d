// Runs all suites, one after the other, and counts: `npm test`. Single ones by name: `npm test -- units docker`.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { slowestFiles } from './slowest-files.mjs';
import { slowestPages } from './slowest-pages.mjs';
import { summary } from './test-summary.mjs';
import { whyNotBegun } from './time-left.mjs';

const RESULTS = 'test-results';
/** Exit status by which a suite says that this machine cannot run it; its last line says why. */
const CANNOT_RUN = 77;

/** Runs a command, shows its output, and returns its status and last lines. */
function run(command, args) {
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    for (const [stream, out] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr]
    ]) {
      stream.on('data', data => {
        out.write(data);
        tail = (tail + data).slice(-4000);
      });
    }
    child.on('error', error => resolve({ status: 127, tail: error.message }));
    child.on('exit', code => resolve({ status: code ?? 1, tail }));
  });
}

/** `retried` are those of the passed that failed at their first try. */
const counts = (passed, failed, skipped = 0, retried = 0) => ({ passed, failed, skipped, retried });
const readJson = file => JSON.parse(readFileSync(file, 'utf8'));

function tellSlowest(times) {
  for (const line of slowestFiles(times)) console.log(line);
}

/** A suite that only says yes or no. */
async function check(command, ...args) {
  const { status } = await run(command, args);
  return status === 0 ? counts(1, 0) : counts(0, 1);
}

/** A suite that ends with a line "N passed, N failed[, N skipped]". */
async function counted(command, ...args) {
  const { status, tail } = await run(command, args);
  if (status === CANNOT_RUN) return counts(0, 0, 1);
  const line = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(tail.trim());
  if (!line) return counts(0, 1);
  const failed = Number(line[2]);
  return counts(Number(line[1]), status !== 0 && failed === 0 ? 1 : failed, Number(line[3] ?? 0));
}

async function jestOnce(file, ...more) {
  const { status } = await run('jest', [
    '--json',
    `--outputFile=${file}`,
    '--silent',
    '--forceExit',
    ...more
  ]);
  if (!existsSync(file)) return { counts: counts(0, 1), failed: [] };
  const result = readJson(file);
  tellSlowest(
    result.testResults.map(({ name, startTime, endTime }) => [
      relative('.', name),
      Math.max(0, endTime - startTime) / 1000
    ])
  );
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return {
    counts: counts(
      result.numPassedTests,
      status !== 0 && failed === 0 ? 1 : failed,
      result.numPendingTests + result.numTodoTests
    ),
    failed: result.testResults.filter(file => file.status === 'failed')
  };
}

/** Real processes, disks and databases take part, so files with a failure are tried once more; the summary counts that. */
async function jest() {
  const first = await jestOnce(`${RESULTS}/jest.json`);
  if (first.failed.length === 0 || first.counts.passed === 0) return first.counts;
  console.log('What failed is tried a second time:');
  for (const { name, assertionResults } of first.failed) {
    console.log(`  ${name}`);
    for (const test of assertionResults) if (test.status === 'failed') console.log(`    ${test.fullName}`);
  }
  const second = await jestOnce(
    `${RESULTS}/jest-second.json`,
    // One after the other: some of them measure time.
    '--runInBand',
    '--runTestsByPath',
    ...first.failed.map(({ name }) => name)
  );
  const tests = first.failed.flatMap(({ assertionResults }) => assertionResults);
  const passedBefore = tests.filter(({ status }) => status === 'passed').length;
  const skippedBefore = tests.filter(({ status }) => status === 'pending' || status === 'todo').length;
  const { passed, failed, skipped } = second.counts;
  return counts(
    first.counts.passed - passedBefore + passed,
    failed,
    first.counts.skipped - skippedBefore + skipped,
    Math.max(0, first.counts.failed - failed)
  );
}

async function pytestOnce(file, ...more) {
  const { status } = await run('pytest', ['-q', 'tests/python', `--junitxml=${file}`, '-rs', ...more]);
  if (!existsSync(file)) return counts(0, 1);
  const report = readFileSync(file, 'utf8');
  tellSlowest(
    [...report.matchAll(/<testcase classname="([^"]*)"[^>]* time="([\d.]+)"/g)].map(([, module, seconds]) => [
      module,
      Number(seconds)
    ])
  );
  const number = name => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(report)?.[1] ?? 0);
  const failed = number('failures') + number('errors');
  return counts(
    number('tests') - failed - number('skipped'),
    status !== 0 && failed === 0 ? 1 : failed,
    number('skipped')
  );
}

/** Real kernels take part, so what failed is tried once more, as the browser's tests are; the summary counts that. */
async function pytest() {
  const first = await pytestOnce(`${RESULTS}/pytest.xml`, '-n', '2', '--dist', 'loadfile');
  if (first.failed === 0 || first.passed === 0) return first;
  console.log('What failed is tried a second time:');
  const second = await pytestOnce(`${RESULTS}/pytest-second.xml`, '--last-failed');
  return counts(first.passed + second.passed, second.failed, first.skipped, second.passed);
}

async function playwright() {
  if (!existsSync(process.env.CHROMIUM ?? '/usr/bin/chromium')) {
    console.log(
      'No Chromium: the browser tests cannot run. Install it (Debian: apt-get install chromium) or name one in CHROMIUM.'
    );
    return counts(0, 0, 1);
  }
  const file = `${RESULTS}/playwright.json`;
  const { status } = await run('playwright', ['test']);
  if (!existsSync(file)) return counts(0, 1);
  for (const line of slowestPages(readJson(file))) console.log(line);
  const { expected, unexpected, flaky, skipped } = readJson(file).stats;
  return counts(expected + flaky, status !== 0 && unexpected === 0 ? 1 : unexpected, skipped, flaky);
}

const suites = {
  lint: () => check('npm', 'run', '--silent', 'lint:all'),
  schemas: () => check('node', 'scripts/generate-schemas.mjs', '--check'),
  units: jest,
  python: pytest,
  wheels: () => counted('pytest', '-q', 'tests/wheels'),
  browser: playwright,
  docker: () => counted('node', 'tests/docker/run.mjs'),
  machine: () => counted('node', 'tests/machine/run.mjs')
};

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!Object.hasOwn(suites, name)) {
    console.error(`"${name}" is no suite; there are: ${Object.keys(suites).join(', ')}.`);
    process.exit(2);
  }
}
rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
const total = counts(0, 0, 0);
const rows = [];
/** Epoch seconds by which a CI of limited time wants the counts: a run that is cut off says nothing at all. */
const until = Number(process.env.LABKEEPER_TEST_UNTIL ?? Infinity);
for (const [name, suite] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n── ${name} ${'─'.repeat(60 - name.length)}`);
  const start = Date.now();
  const why = whyNotBegun(
    name,
    rows.map(([suite, , seconds]) => [suite, Number(seconds)]),
    until - start / 1000
  );
  if (why !== null) console.log(why);
  const result = why === null ? await suite() : counts(0, 0, 1);
  for (const key of Object.keys(total)) total[key] += result[key];
  rows.push([name, result, ((Date.now() - start) / 1000).toFixed(1)]);
}
console.log('');
for (const line of summary(rows, total)) console.log(line);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
