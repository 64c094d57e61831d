import type { ReclaimKind } from '@labkeeper/protocol';
import { readDeadline } from './read-deadline.js';
import { isObject, readJson } from './read-json.js';
import { nonsense, notice, NOTHING, quoted, type Heard } from './statement.js';

/** Kinds that a file or a request may name. A trial is asked for in the page alone. */
const KINDS: readonly ReclaimKind[] = ['reclaim', 'maintenance', 'cull', 'stop', 'wall-time'];
const FIELDS = new Set(['deadline', 'kind', 'source', 'memoryKept']);

/** Longest name of a source, in characters. */
const SOURCE_CHARACTERS = 80;

/** What a written notice is when it does not say so itself. */
export interface IWrittenDefaults {
  readonly key: string;
  readonly kind: ReclaimKind;
  readonly source: string;
  /** Seconds count from here, ms since the Unix epoch. */
  readonly fromMs: number;
  readonly revision: string;
}

/**
 * The text of the watched file:
 *
 * - empty, or `true`: any moment; `false` or `none`: nothing;
 * - an ISO time with a zone, `2026-11-24T17:11:44Z`;
 * - a number of seconds from the moment the file was written, `120`, or a time since the Unix epoch;
 * - JSON, `{"deadline": …, "kind": "reclaim", "source": "node watcher"}`, every field optional; `"memoryKept": true`
 *   for a machine that is moved or frozen and goes on.
 *
 * @param emptyIsNothing - in a volume of the downward API the file of an annotation that is not set is there, and empty.
 */
export function parseNoticeFile(text: string, defaults: IWrittenDefaults, emptyIsNothing: boolean): Heard {
  const content = text.trim();
  if (content === 'false' || content === 'none' || (content === '' && emptyIsNothing)) {
    return NOTHING;
  }
  if (content === '' || content === 'true') {
    return parseFields({}, defaults);
  }
  return content.startsWith('{')
    ? parseNoticeJson(content, defaults)
    : parseFields({ deadline: content }, defaults);
}

/** The body of a request: empty = any moment, else JSON as in the file. */
export function parseNoticeRequest(text: string, defaults: IWrittenDefaults): Heard {
  return text.trim() === '' ? parseFields({}, defaults) : parseNoticeJson(text, defaults);
}

function parseNoticeJson(text: string, defaults: IWrittenDefaults): Heard {
  const value = readJson(text);
  return isObject(value) ? parseFields(value, defaults) : nonsense(`${quoted(text)} is no JSON object`);
}

/** Strict: a mistyped `deadline` must not turn a notice of an hour into one of any moment. */
function parseFields(fields: Readonly<Record<string, unknown>>, defaults: IWrittenDefaults): Heard {
  const strange = Object.keys(fields).find(field => !FIELDS.has(field));
  if (strange !== undefined) {
    return nonsense(`there is no field ${quoted(strange)}, only ${[...FIELDS].join(', ')}`);
  }
  const deadline = readDeadline(fields['deadline'], defaults.fromMs);
  if ('reason' in deadline) {
    return nonsense(`the deadline ${deadline.reason}`);
  }
  const kind = fields['kind'] === undefined ? defaults.kind : KINDS.find(name => name === fields['kind']);
  if (kind === undefined) {
    return nonsense(`the kind is none of ${KINDS.join(', ')}`);
  }
  const source = fields['source'] ?? defaults.source;
  if (typeof source !== 'string' || source.trim() === '' || source.length > SOURCE_CHARACTERS) {
    return nonsense(`the source is no name of up to ${SOURCE_CHARACTERS} characters`);
  }
  const memoryKept = fields['memoryKept'] ?? false;
  if (typeof memoryKept !== 'boolean') {
    return nonsense('memoryKept is neither true nor false');
  }
  return notice({
    ...(memoryKept ? { memoryKept } : {}),
    key: defaults.key,
    kind,
    deadlineMs: deadline.deadlineMs,
    source: source.trim(),
    revision: defaults.revision
  });
}
