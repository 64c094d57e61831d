/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** One message of a kernel's iopub channel, of whatever kind. */
export interface IIopubMessage {
  readonly type: string;
  /** The request that it belongs to; null = none. */
  readonly parentId: string | null;
  /** The kind of that request, such as `execute_request`; null = none. */
  readonly parentType: string | null;
  readonly content: Json;
  /** Bytes of the content as it came. */
  readonly bytes: number;
  /** About what the content takes in memory; no less than `bytes`. */
  readonly memoryBytes: number;
}

/** How large an output is. */
export interface IOutputSize {
  readonly bytes: number;
  readonly memoryBytes: number;
}

/** What a message does to the outputs of a cell. */
export type OutputMessage =
  /** More text of stdout or stderr. `fields` is the output without its text. */
  | { readonly kind: 'stream'; readonly name: string; readonly text: string; readonly fields: Json }
  /** A new output. Others with the same display become it. */
  | {
      readonly kind: 'output';
      readonly output: Json;
      readonly displayId: string | null;
      readonly size: IOutputSize;
    }
  /** All outputs of a display become this one. */
  | {
      readonly kind: 'update';
      readonly output: Json;
      readonly displayId: string;
      readonly size: IOutputSize;
    }
  | { readonly kind: 'clear'; readonly wait: boolean };

/** Messages that `parseOutputMessage` reads. */
export const OUTPUT_TYPES: ReadonlySet<string> = new Set([
  'stream',
  'display_data',
  'execute_result',
  'error',
  'update_display_data',
  'clear_output'
]);

/**
 * Reads what a message does to outputs, with the fields that JupyterLab keeps (`OutputModel` of @jupyterlab/rendermime
 * 4.6: all but `transient`).
 *
 * @returns null for a message that says nothing of outputs, or that is malformed: JupyterLab shows nothing of it.
 */
export function parseOutputMessage(message: IIopubMessage): OutputMessage | null {
  const { type, content, bytes, memoryBytes } = message;
  const size = { bytes, memoryBytes };
  switch (type) {
    case 'stream':
      return parseStream(content);
    case 'error':
      // JupyterLab joins the traceback before anything else, and shows no error without one.
      return Array.isArray(content['traceback'])
        ? { kind: 'output', output: fields(content, type), displayId: null, size }
        : null;
    case 'display_data':
    case 'execute_result':
      return { kind: 'output', output: bundle(content, type), displayId: displayIdOf(content), size };
    case 'update_display_data': {
      const displayId = displayIdOf(content);
      return displayId === null
        ? null
        : { kind: 'update', output: bundle(content, 'display_data'), displayId, size };
    }
    case 'clear_output':
      return { kind: 'clear', wait: Boolean(content['wait']) };
    default:
      return null;
  }
}

function parseStream(content: Json): OutputMessage | null {
  const { name, text } = content;
  if (typeof name !== 'string' || typeof text !== 'string') {
    return null;
  }
  return { kind: 'stream', name, text, fields: fields(content, 'stream', 'text') };
}

/** What JupyterLab keeps of a message that is no bundle of data. */
function fields(content: Json, type: string, ...without: string[]): Json {
  const left = new Set(['transient', 'data', 'metadata', ...without]);
  return {
    ...Object.fromEntries(Object.entries(content).filter(([key]) => !left.has(key))),
    output_type: type
  };
}

function bundle(content: Json, type: string): Json {
  const { data, metadata } = content;
  return {
    ...fields(content, type),
    data: isJson(data) ? data : {},
    metadata: isJson(metadata) ? metadata : {}
  };
}

function displayIdOf({ transient }: Json): string | null {
  const displayId = isJson(transient) ? transient['display_id'] : null;
  return typeof displayId === 'string' && displayId !== '' ? displayId : null;
}

/** Whether a value is a JSON object. */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
