import { chmodSync, readFileSync } from 'node:fs';
import { processFiles, type IFixtureProcess } from '../../test/fixtures/processes.js';
import { plant, type ITree } from '../../test/fixtures/tree.js';
import { OomScores } from './oom-scores.js';
import { ProcessTable } from './process-table.js';

const SERVER = 40;
const COMPANION = 50;

let tree: ITree;
let table: ProcessTable;
let log: string[];

beforeEach(() => {
  log = [];
  tree = plant();
  table = new ProcessTable({
    procRoot: tree.procRoot,
    group: null,
    serverPid: SERVER,
    constants: { pageBytes: 4096, ticksPerSecond: 100 },
    monotonicMs: () => 0
  });
});
afterEach(() => {
  table.close();
  tree.dispose();
});

/** A container: tini, a shell around the server, the server, a companion, a kernel, a terminal and its child. */
function container(baseline: number): void {
  const processes: IFixtureProcess[] = [
    { pid: 1, ppid: 0 },
    { pid: 30, ppid: 1 },
    { pid: SERVER, ppid: 30 },
    { pid: COMPANION, ppid: SERVER },
    { pid: 100, ppid: SERVER },
    { pid: 300, ppid: SERVER },
    { pid: 301, ppid: 300 },
    { pid: 400, ppid: 1 }
  ];
  processes.forEach(process => tree.write(processFiles({ ...process, scoreAdjustment: baseline })));
  table.scan();
}

function scores(serverPid: number | null = SERVER): OomScores {
  return new OomScores({
    procRoot: tree.procRoot,
    serverPid,
    ownPid: COMPANION,
    log: line => log.push(line)
  });
}

function scoreOf(pid: number): number {
  return Number(readFileSync(`${tree.procRoot}/${pid}/oom_score_adj`, 'utf8'));
}

function all(): Record<number, number> {
  return Object.fromEntries([1, 30, SERVER, COMPANION, 100, 300, 301, 400].map(pid => [pid, scoreOf(pid)]));
}

describe('OomScores', () => {
  it('raises everybody but PID 1, the server, what started it, and the companion, above the given baseline', () => {
    container(300);
    scores().raise(table.processes, table, true);
    expect(all()).toEqual({ 1: 300, 30: 300, 40: 300, 50: 300, 100: 800, 300: 800, 301: 800, 400: 800 });
  });

  it('does not go above the highest score there is', () => {
    container(900);
    scores().raise(table.processes, table, true);
    expect(scoreOf(100)).toBe(1000);
  });

  it('touches only what the server started where the group is no container', () => {
    container(0);
    scores().raise(table.processes, table, false);
    expect(all()).toEqual({ 1: 0, 30: 0, 40: 0, 50: 0, 100: 500, 300: 500, 301: 500, 400: 0 });
  });

  it('puts back what each had, also what children inherited', () => {
    container(0);
    tree.write({ 'proc/300/oom_score_adj': '100\n' });
    const raising = scores();
    raising.raise(table.processes, table, true);
    expect(scoreOf(300)).toBe(500);
    // Started by the kernel after it was raised.
    tree.write(processFiles({ pid: 101, ppid: 100, scoreAdjustment: 500 }));
    raising.raise(table.scan(), table, true);
    raising.undo(table.processes);
    expect(scoreOf(101)).toBe(0);
    expect(all()).toEqual({ 1: 0, 30: 0, 40: 0, 50: 0, 100: 0, 300: 100, 301: 0, 400: 0 });
  });

  it('leaves alone who has a higher score already', () => {
    container(0);
    tree.write({ 'proc/100/oom_score_adj': '900\n' });
    const raising = scores();
    raising.raise(table.processes, table, true);
    raising.undo(table.processes);
    expect(scoreOf(100)).toBe(900);
  });

  it('puts back what a companion before it had raised', () => {
    container(0);
    scores().raise(table.processes, table, true);
    const next = new ProcessTable({
      procRoot: tree.procRoot,
      group: null,
      serverPid: SERVER,
      constants: { pageBytes: 4096, ticksPerSecond: 100 },
      monotonicMs: () => 0
    });
    next.scan();
    const raising = scores();
    raising.raise(next.processes, next, true);
    raising.undo(next.processes);
    next.close();
    expect(scoreOf(100)).toBe(0);
  });

  it('does nothing without a server to spare, and says so once', () => {
    container(0);
    const raising = scores(null);
    raising.raise(table.processes, table, true);
    raising.raise(table.processes, table, true);
    expect(scoreOf(100)).toBe(0);
    expect(log).toEqual(['the jupyter_server is not known, so oom_score_adj is left alone']);
  });

  const unprivileged = process.getuid?.() === 0 ? it.skip : it;
  unprivileged('goes on when a score may not be set (root may set every one, so not as root)', () => {
    container(0);
    chmodSync(`${tree.procRoot}/100/oom_score_adj`, 0o444);
    scores().raise(table.processes, table, true);
    expect(scoreOf(100)).toBe(0);
    expect(scoreOf(300)).toBe(500);
    expect(log).toHaveLength(1);
  });

  it('goes on when a process vanishes between two reads', () => {
    container(0);
    tree.remove('proc/100');
    scores().raise(table.processes, table, true);
    expect(scoreOf(300)).toBe(500);
  });
});
