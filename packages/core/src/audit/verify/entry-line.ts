import {
  ascii,
  BASE64_PARTS,
  ByteReader,
  digitsBefore,
  NAME_PARTS,
  nameBefore,
  standsBefore
} from './byte-reader.js';

/** A line of an export that holds an entry of the log; bytes are views of it. */
export interface IEntryLine {
  readonly index: number;
  /** The digest that its proof belongs to; null = it has no proof. */
  readonly digest: number | null;
  /** Hashes from the leaf to the root, hexadecimal. */
  readonly proof: readonly Uint8Array[];
  /** The exact line of the log. */
  readonly entry: Uint8Array;
  /** Name of the hub: JSON, with its quotes. */
  readonly hub: Uint8Array;
  /** `opaque`: what came could not be read as a record. */
  readonly kind: 'record' | 'opaque';
  /** The exact bytes of the record, or the base64 of what could not be read. */
  readonly content: Uint8Array;
  /** The stream's name. */
  readonly stream: Uint8Array;
  readonly seq: number;
  readonly receivedAtMs: number;
}

const INDEX = ascii('{"index":');
const DIGEST = ascii(',"digest":');
const PROOF = ascii(',"proof":[');
const ENTRY = ascii(',"entry":');
const HUB = ascii('{"hub":');
const OPAQUE = ascii(',"opaque":');
const PERSON = ascii(',"person":');
const RECEIVED = ascii(',"receivedAtMs":');
const RECORD = ascii(',"record":');
const SEQ = ascii(',"seq":');
const SERVER = ascii(',"server":');
const STREAM = ascii(',"stream":');
const COMMA = ascii(',');
const CLOSE = ascii(']');
const END = ascii('}');
/** A tree of all safe integers is no higher. */
const PROOF_HASHES = 53;
const HASH_DIGITS = 64;

/** Whether the line means to hold an entry. */
export function isEntryLine(line: Uint8Array): boolean {
  return new ByteReader(line).has(INDEX);
}

/**
 * Takes a line apart, by its bytes: what is hashed must be what stands there, not what a parser makes of it.
 *
 * @param line - without its newline.
 * @returns null when it has not exactly the form that the service writes.
 */
export function parseEntryLine(line: Uint8Array): IEntryLine | null {
  const reader = new ByteReader(line);
  reader.expect(INDEX);
  const index = reader.number();
  let digest: number | null = null;
  let proof: readonly Uint8Array[] = [];
  if (reader.has(DIGEST)) {
    digest = reader.number();
    proof = proofOf(reader);
  }
  reader.expect(ENTRY);
  const entry = line.subarray(reader.at, line.length - 1);
  if (!reader.ok || line[line.length - 1] !== END[0]) {
    return null;
  }
  const parts = parseEntry(entry);
  return parts && { index, digest, proof, entry, ...parts };
}

function proofOf(reader: ByteReader): readonly Uint8Array[] {
  const proof: Uint8Array[] = [];
  reader.expect(PROOF);
  while (reader.ok && !reader.has(CLOSE)) {
    if (proof.length > 0) {
      reader.expect(COMMA);
    }
    const hash = reader.quoted(NAME_PARTS);
    reader.ok &&= hash.length === HASH_DIGITS && proof.length < PROOF_HASHES;
    proof.push(hash);
  }
  return proof;
}

type EntryParts = Pick<IEntryLine, 'hub' | 'kind' | 'content' | 'stream' | 'seq' | 'receivedAtMs'>;

/** The entry's own frame, from both ends, so that nothing in the record can be taken for a part of it. */
function parseEntry(entry: Uint8Array): EntryParts | null {
  const tail = parseTail(entry);
  const reader = new ByteReader(entry);
  reader.expect(HUB);
  const hub = reader.text();
  const opaque = reader.has(OPAQUE) ? reader.quoted(BASE64_PARTS) : null;
  reader.expect(PERSON);
  reader.name();
  reader.expect(RECEIVED);
  const receivedAtMs = reader.number();
  if (opaque === null) {
    reader.expect(RECORD);
  }
  if (!reader.ok || tail === null || reader.at > tail.from) {
    return null;
  }
  const { stream, seq } = tail;
  if (opaque !== null) {
    return reader.at === tail.from
      ? { hub, kind: 'opaque', content: opaque, stream, seq, receivedAtMs }
      : null;
  }
  return { hub, kind: 'record', content: entry.subarray(reader.at, tail.from), stream, seq, receivedAtMs };
}

/** `,"seq":…,"server":"…","stream":"…"}` at the end; null = it does not end so. */
function parseTail(
  entry: Uint8Array
): { readonly from: number; readonly stream: Uint8Array; readonly seq: number } | null {
  const streamEnd = entry.length - 2;
  const streamAt = nameBefore(entry, streamEnd);
  const serverEnd = streamAt - STREAM.length - 1;
  const serverAt = nameBefore(entry, serverEnd);
  const digitsEnd = serverAt - SERVER.length;
  const from = digitsBefore(entry, digitsEnd) - SEQ.length;
  if (
    from < 0 ||
    entry[streamEnd + 1] !== END[0] ||
    !standsBefore(entry, streamAt, STREAM) ||
    !standsBefore(entry, serverAt, SERVER)
  ) {
    return null;
  }
  const reader = new ByteReader(entry);
  reader.at = from;
  reader.expect(SEQ);
  const seq = reader.number();
  return reader.ok && reader.at === digitsEnd
    ? { from, stream: entry.subarray(streamAt + 1, streamEnd), seq }
    : null;
}
