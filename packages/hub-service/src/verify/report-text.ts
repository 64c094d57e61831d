import {
  recordsFrom,
  type IAnchorResult,
  type IDeletion,
  type IListed,
  type IMissingPlace,
  type IVerifyReport
} from '@labkeeper/core';

/** So much of a list is printed; the rest is in the JSON, as far as it is kept. */
const PRINTED = 20;
const LABEL_WIDTH = 12;
/** A companion's name for its run is a UUID; what else stands there is cut. */
const BOOT_LENGTH = 64;

const VERDICTS: Readonly<Record<IAnchorResult['verdict'], string>> = {
  fits: 'fits',
  contradicts: 'CONTRADICTS',
  outside: 'says nothing about this export',
  late: 'NOT IN TIME',
  absent: 'IS NOT HERE',
  'not-genuine': 'NOT GENUINE'
};

/** A report for people. */
export function reportText(name: string, report: IVerifyReport): string {
  return [
    `${plain(name)}: ${headline(report)}`,
    ...(report.outcome === 'altered' ? putBack(report) : history(report)),
    '',
    ...about(report),
    ...list('Found', report.findings, ({ what }) => what),
    ...list('Missing records, as far as their neighbours tell', report.missing, missingText),
    ...lacks(report),
    ...list(
      `Records that retention deleted${report.deleted.records > 0 ? ` (${report.deleted.records})` : ''}, acts`,
      report.deleted,
      deletionText
    ),
    ...list(
      'Unreadable records',
      report.unreadable,
      ({ index, stream, seq }) => `record ${index} (${seq} of stream ${stream}): kept as it came`
    ),
    ...list(
      `Gaps that streams tell of${causes(report)}`,
      report.gaps,
      ({ index, stream, cause, count, sinceMs }) =>
        `record ${index}, stream ${stream}: ${cause}, ${count === null ? 'nobody knows how many records' : `${count} records`}` +
        `${sinceMs === null ? '' : `, since ${time(sinceMs)}`}`
    ),
    ...list(
      'Held against it',
      { count: report.anchors.length, first: report.anchors },
      ({ kind, name, verdict, what }) => `${kind} ${plain(name)}: ${VERDICTS[verdict]}. ${what}`
    ),
    ''
  ].join('\n');
}

function headline({ outcome, findings, anchoredEnd }: IVerifyReport): string {
  switch (outcome) {
    case 'whole':
      return 'WHOLE. Nothing in it was changed, nothing of it is missing, and its history is anchored.';
    case 'consistent':
      return anchoredEnd === null
        ? 'CONSISTENT, NOT ANCHORED. Nothing in it contradicts the rest, and nothing is missing in between.'
        : 'CONSISTENT. It is anchored as far as told below, and not beyond; nothing in it contradicts the rest.';
    case 'altered':
      return `ALTERED. ${findings.count === 1 ? 'One thing is' : `${findings.count} things are`} not as the service signed it.`;
    case 'incomplete':
      return 'INCOMPLETE. The file stops before its end; what is there is in order.';
  }
}

/** Where only the order was changed, nothing else was: that is worth knowing. */
function putBack({ covers, findings }: IVerifyReport): readonly string[] {
  if (covers !== 'put-back') {
    return [];
  }
  return [
    findings.count <= PRINTED
      ? 'With what is told below undone, every byte is what the service signed: nothing else was done to it.'
      : 'With every line where it belongs, and without those that do not belong to it, every byte is what the service signed. Not all that was done is told below.'
  ];
}

function lacks({ missing: { moreLacks } }: IVerifyReport): readonly string[] {
  const places = moreLacks === 1 ? 'one more place' : `${moreLacks} more places`;
  return moreLacks === 0
    ? []
    : [
        `  … and at ${places} streams lack records: what is missing was not held against that. What was found names them.`
      ];
}

function history({ isAnchored, anchoredEnd, anchored, about, anchors }: IVerifyReport): readonly string[] {
  const lines = anchored.map(
    ({ kind, holder, endIndex, fromMs, toMs, count }) =>
      `Anchored by ${plain(holder)} ${kind === 'directory' ? 'as closed' : 'at'} ${span(fromMs, toMs)}: every record before index ${endIndex} that a digest proves (${count} digests).`
  );
  if (anchored.length === 0 && anchoredEnd !== null) {
    lines.push(
      `Anchored by a digest from elsewhere: every record before index ${anchoredEnd} that a digest proves. Others are consistent, not anchored, but for the receipts below.`
    );
  }
  if (anchoredEnd !== null) {
    if (about && anchoredEnd < about.endIndex) {
      lines.push(`Records from index ${anchoredEnd} on are consistent, not anchored.`);
    }
    return lines;
  }
  if (isAnchored) {
    return [
      'Anchored by receipts: the streams named below, up to the record named there. All else is consistent, not anchored.'
    ];
  }
  const isLate = anchors.some(({ kind, verdict }) => verdict === 'late' && kind !== 'received');
  return [
    'Consistent, not anchored: whoever owns the key of the service could have made this history anew. ' +
      (isLate
        ? 'What holds it saw it too late, see below.'
        : 'What a witness, a timestamp authority or a write-once directory holds, or a receipt or digest from earlier, ' +
          'would show it (--witness, --tsa, --anchor, --receipt, --digest).')
  ];
}

function span(fromMs: number, toMs: number): string {
  return fromMs === toMs ? time(fromMs) : `${time(fromMs)} to ${time(toMs)}`;
}

function about(report: IVerifyReport): readonly string[] {
  const { about, signer, records, proven, streams, digests, personal } = report;
  const lines: [string, string][] = [];
  if (about) {
    const { log, createdAtMs, filter, firstIndex, endIndex } = about;
    lines.push(['Log', log], ['Made', time(createdAtMs)]);
    lines.push([
      'Range',
      firstIndex === endIndex
        ? `empty, at record ${firstIndex}`
        : `records ${firstIndex} to ${endIndex - 1}, ${filter === null ? 'all of them' : `those with ${plain(JSON.stringify(filter))}`}`
    ]);
  }
  if (about !== null && about.filter !== null) {
    lines.push([
      'Complete',
      'each record here is proven by itself; that no other one fits the filter, nothing but the signature says. A whole range proves that nothing is missing'
    ]);
  }
  const pinned = {
    true: 'the pinned key',
    false: 'NOT THE PINNED KEY',
    null: 'not compared with anything: give --key'
  };
  lines.push([
    'Signed by',
    signer ? `${signer.fingerprint} (${pinned[`${signer.isPinned}`]})` : 'nobody, as far as this file shows'
  ]);
  const rest = records - proven;
  const restBy = {
    'as-it-is': 'nothing but the signature over the whole file',
    'put-back':
      'nothing but the signature over the whole file, which holds once every line is where it belongs',
    no: 'nothing: no signature over the whole file holds for these bytes'
  }[report.covers];
  lines.push([
    'Records',
    `${records}; ${proven} of them proven by digests${rest > 0 ? `, ${rest} by ${restBy}` : ''}`
  ]);
  lines.push([
    'Digests',
    digests.first === null
      ? 'none'
      : `${digests.first} to ${digests.last}; ${digests.whole} compared with all their records, ${digests.partial} reach beyond what is here` +
        (digests.gone > 0 ? `, of ${digests.gone} retention deleted every record` : '')
  ]);
  lines.push([
    'Streams',
    `${streams.count}; ${streams.unbroken} without a break from their first record on (${streams.closed} of them ended in order), ` +
      `of ${streams.partial} only a part is here`
  ]);
  if (personal) {
    lines.push([
      'Personal',
      `${personal.same} parts are those that their records were made with, ${personal.absent} were withheld or erased, ` +
        `${personal.unprovable} cannot be compared`
    ]);
  }
  return lines.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${text}`);
}

function missingText({ first, end, of, streams }: IMissingPlace): string {
  const which = recordsFrom(first, end);
  if (of !== null) {
    const { stream, boot, firstSeq } = of;
    const run = boot === null ? '' : `, run ${plain(boot.slice(0, BOOT_LENGTH))} of its companion`;
    return `${which}: by the neighbours ${recordsFrom(firstSeq, firstSeq + end - first)} of stream ${stream}${run} (inferred: it lacks as many there as are missing)`;
  }
  return streams.length === 0
    ? `${which}: of which stream cannot be known: what is left does not tell`
    : `${which}: of which stream cannot be known, these lack records there: ${streams.join(', ')}`;
}

function deletionText({ act, first, end, records, name, rule, atMs, isInLog }: IDeletion): string {
  const range = end - first === 1 ? `record ${first}` : `records ${first} to ${end - 1}`;
  const which = records === end - first ? range : `${records} of ${range}`;
  const where = isInLog ? '' : ', which is not in this export: its own signature alone says so';
  return `${which}: deleted by retention of ${name}, ${rule}, on ${time(atMs).slice(0, 10)}, act ${act}${where}`;
}

function causes({ gaps }: IVerifyReport): string {
  const each = Object.entries(gaps.byCause).map(([cause, count]) => `${cause} ${count}`);
  return each.length > 0 ? ` (${each.join(', ')})` : '';
}

function list<Item>(
  title: string,
  { count, first }: IListed<Item>,
  say: (item: Item) => string
): readonly string[] {
  if (count === 0) {
    return [];
  }
  const shown = first.slice(0, PRINTED).map(item => `  ${say(item)}`);
  const more = count > shown.length ? [`  … and ${count - shown.length} more`] : [];
  return ['', `${title}: ${count}`, ...shown, ...more];
}

function time(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime())
    ? `${atMs} ms`
    : `${date.toISOString().replace('T', ' ').slice(0, 19)} UTC`;
}

/** Without characters that a terminal would obey, or that turn the direction of writing. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
