import { isJson, joinedText, type Json } from './json.js';

/** Types of data that are split into lines although they do not begin with `text/` (nbformat, `v4/rwbase.py`). */
const SPLIT_TYPES = new Set(['application/javascript', 'image/svg+xml']);
/** Keys that nbformat takes out of a notebook's metadata before it writes it. */
const TRANSIENT_KEYS = ['orig_nbformat', 'orig_nbformat_minor', 'signature'];
/** The ends of lines that Python's `str.splitlines` knows. */
const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;

/** Text as files hold it: a list of lines, each with its end. Anything but a string stays as it is. */
export function fileText(value: unknown): unknown {
  if (typeof value !== 'string') {
    return value;
  }
  const lines: string[] = [];
  let from = 0;
  for (const end of value.matchAll(LINE_END)) {
    const to = end.index + end[0].length;
    lines.push(value.slice(from, to));
    from = to;
  }
  return from < value.length ? [...lines, value.slice(from)] : lines;
}

/**
 * A cell as nbformat writes it: text in lines, nothing that is only meant for the page.
 *
 * @param withId - notebooks before 4.5 have no ids; JupyterLab gives each cell one and takes it out when it saves.
 */
export function fileCell(cell: Json, withId: boolean): Json {
  const written: Json = { ...cell };
  if (!withId) {
    delete written.id;
  }
  if ('source' in cell) {
    written.source = fileText(cell.source);
  }
  if (isJson(cell.metadata)) {
    written.metadata = fileCellMetadata(cell.metadata);
  }
  if (isJson(cell.attachments)) {
    written.attachments = fileAttachments(cell.attachments);
  }
  if (cell.cell_type === 'code' && Array.isArray(cell.outputs)) {
    written.outputs = cell.outputs.map(fileOutput);
  }
  return written;
}

export function fileCellMetadata(metadata: Json): Json {
  return without(metadata, ['trusted']);
}

export function fileNotebookMetadata(metadata: Json): Json {
  return without(metadata, TRANSIENT_KEYS);
}

export function fileAttachments(attachments: Json): Json {
  return mapValues(attachments, bundle => (isJson(bundle) ? splitBundle(bundle) : bundle));
}

export function fileOutput(output: unknown): unknown {
  if (!isJson(output)) {
    return output;
  }
  switch (output.output_type) {
    case 'execute_result':
    case 'display_data':
      return isJson(output.data) ? { ...output, data: splitBundle(output.data) } : output;
    case 'stream':
      return 'text' in output ? { ...output, text: fileText(output.text) } : output;
    default:
      return output;
  }
}

/** A cell of a file as nbformat gives it to a page: lines joined. Two cells that read the same are the same. */
export function readCell(cell: Json): Json {
  const read: Json = { ...cell };
  if ('source' in cell) {
    read.source = joinedText(cell.source) ?? cell.source;
  }
  if (isJson(cell.attachments)) {
    read.attachments = mapValues(cell.attachments, bundle => (isJson(bundle) ? joinBundle(bundle) : bundle));
  }
  if (cell.cell_type === 'code' && Array.isArray(cell.outputs)) {
    read.outputs = cell.outputs.map(readOutput);
  }
  return read;
}

function readOutput(output: unknown): unknown {
  if (!isJson(output)) {
    return output;
  }
  if (output.output_type === 'execute_result' || output.output_type === 'display_data') {
    return isJson(output.data) ? { ...output, data: joinBundle(output.data) } : output;
  }
  return 'text' in output ? { ...output, text: joinedText(output.text) ?? output.text } : output;
}

function splitBundle(bundle: Json): Json {
  return mapValues(bundle, (value, type) =>
    type.startsWith('text/') || SPLIT_TYPES.has(type) ? fileText(value) : value
  );
}

function joinBundle(bundle: Json): Json {
  return mapValues(bundle, (value, type) => (isJsonType(type) ? value : (joinedText(value) ?? value)));
}

function isJsonType(type: string): boolean {
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'));
}

function without(value: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

function mapValues(value: Json, change: (value: unknown, key: string) => unknown): Json {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item, key)]));
}
