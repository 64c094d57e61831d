/**
 * One life of a machine whose power goes at any moment: looks what the lives before left, and works until it is dark.
 *
 * Reports: `up`; `problem {what}`; `original {path, edits}`, `recovered {path, edits, problem}` and
 * `restored {path, edits}` for the documents of the order; `begun {document}`, `saved {path, edits}` and
 * `acknowledged {path, edits}` for those of this life.
 */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { recoveriesKnown, recoveryDecided } from '@labkeeper/protocol';
import { contentOf, EditedDocument } from './edited-document.mjs';
import { eventually } from './eventually.mjs';
import { GuardedPage } from './guarded-page.mjs';
import { LoneCompanion } from './lone-companion.mjs';
import { randomFrom } from './random.mjs';
import { readOrder, report } from './report.mjs';
import { Saver } from './saver.mjs';

const HOME = '/home/lab';
/** Edits that were sent and not acknowledged may be there as well; there are never more of them. */
const MOST_UNACKNOWLEDGED = 500;
/** It takes seconds, but for an emulated machine on a busy one. */
const RECOVERY_MS = 180_000;
const DOCUMENTS = 4;

/** How many edits a file holds, at least `from`; null = it is no state of the document: cut, mixed or too old. */
function editsIn({ seed, isNotebook }, file, from) {
  const document = new EditedDocument(seed, isNotebook);
  let content;
  try {
    content = contentOf(file, isNotebook);
  } catch {
    // No JSON: not whole.
    return null;
  }
  while (document.edits < from) {
    document.edit();
  }
  for (; document.edits <= from + MOST_UNACKNOWLEDGED; document.edit()) {
    if (document.is(content)) {
      return document.edits;
    }
  }
  return null;
}

function read(path) {
  const place = join(HOME, path);
  return existsSync(place) ? readFileSync(place, 'utf8') : '';
}

function lookAtOriginal(document) {
  const { path, savedEdits } = document;
  const edits = editsIn(document, read(path), savedEdits);
  if (edits === null) {
    report({ kind: 'problem', what: 'original-damaged', path, savedEdits, begins: read(path).slice(0, 300) });
  } else {
    report({ kind: 'original', path, edits });
  }
  return edits ?? -1;
}

/** Waits for a copy that holds what was acknowledged, and lets it take the place of the original. */
async function recover(companion, document) {
  const { path, ackedEdits } = document;
  const find = () => companion.newest(recoveriesKnown)?.recoveries.find(recovery => recovery.path === path);
  const recovery = await eventually(find, RECOVERY_MS, `a recovery of ${path}`);
  const copy = recovery.copyPath === null ? '' : read(recovery.copyPath);
  const edits = editsIn(document, copy, ackedEdits);
  report({ kind: 'recovered', path, edits, problem: recovery.problem });
  if (edits === null) {
    report({ kind: 'problem', what: 'not-recovered', path, ackedEdits, recovery });
    return;
  }
  companion.page.send(recoveryDecided, { id: recovery.id, decision: 'restore' });
  await eventually(
    () => !find(),
    RECOVERY_MS,
    () => `the restored ${path}: ${JSON.stringify(find())}`
  );
  if (editsIn(document, read(path), edits) === edits) {
    report({ kind: 'restored', path, edits });
  } else {
    report({ kind: 'problem', what: 'not-restored', path, edits });
  }
}

async function lookAt(companion, document) {
  const edits = lookAtOriginal(document);
  try {
    if (edits < document.ackedEdits) {
      await recover(companion, document);
    }
  } catch (error) {
    const { path, ackedEdits } = document;
    const { message: why } = error;
    report({
      kind: 'problem',
      what: 'lost',
      path,
      ackedEdits,
      originalEdits: edits,
      why,
      log: companion.log
    });
  }
  // Not where the power may go before the world outside has heard of it.
  if (document.isChecked && order.removes) {
    rmSync(join(HOME, document.path), { force: true });
    report({ kind: 'removed', path: document.path });
  }
}

/** What more was recovered than anybody was promised, and what restoring left. */
function tidy(companion) {
  for (const { id } of companion.newest(recoveriesKnown)?.recoveries ?? []) {
    companion.page.send(recoveryDecided, { id, decision: 'discard' });
  }
  readdirSync(HOME)
    .filter(name => name.includes('(before recovery '))
    .forEach(name => rmSync(join(HOME, name)));
}

async function work(companion, { life, seed }) {
  const random = randomFrom(seed);
  const saver = new Saver();
  const write = (path, text) => saver.save(path, text);
  const page = new GuardedPage(companion.page, HOME, write, (kind, document, edits) =>
    report(kind === 'lost' ? { kind: 'problem', what: 'lost-run' } : { kind, path: document.path, edits })
  );
  for (let number = 0; number < DOCUMENTS; number += 1) {
    const isNotebook = number % 2 === 0;
    const path = `${life}-${number}.${isNotebook ? 'ipynb' : 'py'}`;
    const document = { path, seed: `${seed}-${number}`, isNotebook };
    await page.open(document);
    report({ kind: 'begun', document });
  }
  for (;;) {
    const document = page.documents[Math.floor(random() * page.documents.length)];
    if (random() < 0.04) {
      await page.save(document);
    } else {
      for (let edits = 1 + Math.floor(random() * 3); edits > 0; edits -= 1) {
        document.edit();
      }
      document.flush();
    }
    await delay(20 + 200 * random());
  }
}

const order = readOrder();
report({ kind: 'up' });
const complaints = execFileSync('dmesg', { encoding: 'utf8' }).match(/^.*EXT4-fs (error|warning).*$/gm) ?? [];
complaints.forEach(what => report({ kind: 'problem', what }));
mkdirSync(HOME, { recursive: true });
chownSync(HOME, 1000, 100);
const companion = await LoneCompanion.start(HOME, order.environment);
report({ kind: 'started' });
await Promise.all(order.documents.map(document => lookAt(companion, document)));
tidy(companion);
report({ kind: 'looked' });
if (order.works) {
  await work(companion, order);
}
report({ kind: 'done' });
process.exit(0);
