import { EndLine, parseShape, type ExportHead } from '@labkeeper/protocol';
import { canonicalJson } from '../canonical-json.js';
import { exportText } from '../digest.js';
import type { Findings } from './findings.js';
import type { Signatures } from './signatures.js';

/** A last line, and what stood before it. */
export interface IEnding {
  readonly text: string;
  /** SHA-256 of every byte before it, hexadecimal. */
  readonly sha256: string;
  /** Lines before it. */
  readonly lines: number;
}

/** What was counted in the file. */
export interface ICounted {
  readonly records: number;
  readonly digests: number;
}

/** What the last line is worth. */
export interface ISignedEnd {
  /** Id of the key whose signature holds; null = none does. */
  readonly key: string | null;
  /** It holds, and what it was made over are these bytes. */
  readonly isOverAll: boolean;
}

/** Checks the last line against all that stands before it. */
export function checkEnd(
  ending: IEnding,
  head: ExportHead | null,
  counted: ICounted,
  signatures: Signatures,
  findings: Findings,
  isPutBack = false
): ISignedEnd {
  const line = parseShape(EndLine, ending.text);
  // It is the one line that no hash covers: it has to stand as the service writes it, to the byte.
  if (!line || canonicalJson(line) !== ending.text) {
    findings.add('end', 'The last line was altered: it cannot be read.');
    return { key: null, isOverAll: false };
  }
  const { body, key, signature } = line.end;
  const holds = signatures.holds(key, exportText(body), signature);
  if (holds === false) {
    findings.add('end', 'The last line was altered: its signature does not hold.');
  } else if (holds === null && head) {
    findings.add('end', `The export is signed with key ${key}, which its first line does not list.`);
  }
  // They go together: one thing that was done to the file is not told three times.
  const differs: string[] = [];
  if (body.sha256 !== ending.sha256) {
    differs.push('Bytes of the file were altered: their hash is not the one in the last line.');
  }
  if (body.count !== counted.records) {
    differs.push(`The last line tells of ${body.count} records; there are ${counted.records}.`);
  }
  if (body.lines !== ending.lines) {
    const digests = body.lines - 1 - body.count;
    differs.push(
      `The last line tells of ${body.lines} lines before it, ${digests} of them digests; ` +
        `there are ${ending.lines}, ${counted.digests} of them digests.`
    );
  }
  if (differs.length > 0) {
    // What is counted then is not the file as it lies there.
    const undone = isPutBack ? 'With the lines put back and left out as told above: ' : '';
    findings.add('end', `${undone}${differs.join(' ')}`);
  }
  if (head && !isAbout(body, head)) {
    findings.add('end', 'First and last line do not tell the same filter and range.');
  }
  return { key: holds ? key : null, isOverAll: holds === true && differs.length === 0 };
}

function isAbout(
  body: Pick<ExportHead, 'filter' | 'firstIndex' | 'endIndex'>,
  head: Pick<ExportHead, 'filter' | 'firstIndex' | 'endIndex'>
): boolean {
  return (
    canonicalJson(body.filter) === canonicalJson(head.filter) &&
    body.firstIndex === head.firstIndex &&
    body.endIndex === head.endIndex
  );
}
