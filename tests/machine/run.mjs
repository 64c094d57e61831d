#!/usr/bin/env node
/**
 * Labkeeper's companion on a real kernel in small virtual machines made for it: with cgroup v2, with homes that are slow
 * or hang (also by NFS), and where the power goes.
 *
 *     node tests/machine/run.mjs [--kills N] [--only name,name] [--console] [--json FILE]
 *
 * `--kills N`: how often the whole container is killed (default 3; the promise `death.group.unexplained` takes 100).
 * Exit code 0 = all passed, 1 = not, 77 = skipped because something cannot be had here (the reason is printed).
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { boot } from './boot.mjs';
import { buildBaseDisk, buildHomeDisk, buildInitramfs, buildPayloadDisk } from './disks.mjs';
import { HOME_SCENARIOS, playSlowAndDark } from './homes.mjs';
import { findKernel } from './kernel.mjs';
import { findPrograms } from './programs.mjs';
import { Reporting, seconds } from './reporting.mjs';
import { SKIPPED, Unavailable } from './unavailable.mjs';

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '3' },
    only: { type: 'string' },
    console: { type: 'boolean', default: false },
    json: { type: 'string' }
  }
});
const repository = join(import.meta.dirname, '../..');
const cache = join(repository, '.state/machine');

/** Time for booting and everything but the kills, and for one kill with its restart, both under emulation. */
const BASE_MS = 240_000;
const KILL_MS = 60_000;

/** Room for the biggest container and what lies outside it; all of it is filled once. */
const MEMORY_MIB = 768;

async function main() {
  await mkdir(cache, { recursive: true });
  const reporting = new Reporting();
  const only = options.only?.split(',') ?? null;
  const hear = line => (options.console ? console.log(`  | ${line}`) : undefined);
  const isOther = name => !HOME_SCENARIOS.includes(name);
  let isWhole = only === null || only.some(isOther) ? await playContainers(reporting, hear) : true;
  if (only === null || !only.every(isOther)) {
    isWhole = (await playSlowAndDark(reporting, cache, repository, only, hear)) && isWhole;
  }
  return await reporting.finish(options.json, !isWhole);
}

/** @returns whether the machine came to its end. */
async function playContainers(reporting, hear) {
  const startMs = Date.now();
  const programs = findPrograms();
  const kernel = await findKernel(cache);
  const initramfs = await buildInitramfs(cache, programs, kernel.modules);
  const [base, payload, home] = [
    await buildBaseDisk(cache, programs, process.execPath),
    await buildPayloadDisk(cache, programs, repository),
    await buildHomeDisk(cache, programs)
  ];
  const builtMs = Date.now();
  const tail = [];
  let done = false;
  const machine = boot(
    {
      program: programs['qemu-system-x86_64'],
      kernel: kernel.image,
      initramfs,
      disks: [
        { path: base, readOnly: true },
        { path: payload, readOnly: true },
        { path: home, readOnly: false }
      ],
      memoryMiB: MEMORY_MIB
    },
    [`kills=${Number(options.kills)}`, ...(options.only === undefined ? [] : [`only=${options.only}`])],
    report => {
      if (report.kind === 'up') {
        console.log(
          `  the machine is up after ${seconds(Date.now() - builtMs)} (built in ${seconds(builtMs - startMs)})`
        );
      } else if (report.kind === 'done') {
        done = true;
      } else {
        reporting.take(report);
      }
    },
    line => {
      tail.push(line);
      tail.splice(0, tail.length - 40);
      hear(line);
    },
    BASE_MS + Number(options.kills) * KILL_MS
  );
  // What was reported until then counts, whatever ended the machine.
  await machine.catch(error => tail.push(error.message));
  if (!done) {
    console.log('  the machine stopped before the end; its last words:');
    console.log(tail.map(line => `  | ${line}`).join('\n'));
  }
  return done;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Unavailable)) {
    throw error;
  }
  console.log(`skipped: virtual machine with cgroup v2: ${error.message}`);
  process.exitCode = SKIPPED;
}
