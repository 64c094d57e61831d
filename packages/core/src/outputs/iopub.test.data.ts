import fc from 'fast-check';
import type { IIopubMessage, Json } from './index.js';

/** A message of the execution `parentId`. */
export function iopub(type: string, content: Json, parentId: string | null = 'a'): IIopubMessage {
  const bytes = Buffer.byteLength(JSON.stringify(content));
  const parentType = parentId === null ? null : 'execute_request';
  return { type, parentId, parentType, content, bytes, memoryBytes: bytes };
}

export const busy = (parentId = 'a') => iopub('status', { execution_state: 'busy' }, parentId);
export const idle = (parentId = 'a') => iopub('status', { execution_state: 'idle' }, parentId);
export const input = (count: number, parentId = 'a') =>
  iopub('execute_input', { code: '', execution_count: count }, parentId);
export const print = (text: string, parentId = 'a', name = 'stdout') =>
  iopub('stream', { name, text }, parentId);
export const show = (text: string, displayId: string | null = null, parentId = 'a') =>
  iopub('display_data', { data: { 'text/plain': text }, metadata: {}, ...transient(displayId) }, parentId);
export const update = (text: string, displayId: string, parentId: string | null = 'a') =>
  iopub(
    'update_display_data',
    { data: { 'text/plain': text }, metadata: {}, ...transient(displayId) },
    parentId
  );
export const clear = (wait: boolean, parentId = 'a') => iopub('clear_output', { wait }, parentId);
export const result = (text: string, count = 1, parentId = 'a') =>
  iopub('execute_result', { data: { 'text/plain': text }, metadata: {}, execution_count: count }, parentId);
export const failure = (parentId = 'a') =>
  iopub('error', { ename: 'E', evalue: 'v', traceback: ['one', 'two'] }, parentId);

function transient(displayId: string | null): Json {
  return displayId === null ? {} : { transient: { display_id: displayId } };
}

/** What kernels print: lines, progress bars, all sorts of characters. */
export const printed = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\b', '\r\n', '\t', ' ', 'é', '字', '😀', '\u001b[31m'),
      fc.string({ maxLength: 6, unit: 'binary' })
    ),
    { maxLength: 8 }
  )
  .map(pieces => pieces.join(''));

/** Any message that says something of outputs. */
export function anyOutput(parents: readonly string[] = ['a']): fc.Arbitrary<IIopubMessage> {
  const parent = fc.constantFrom(...parents);
  const display = fc.constantFrom('x', 'y', null);
  const text = fc.string({ maxLength: 6 });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(printed, parent, fc.constantFrom('stdout', 'stderr')).map(a => print(...a))
    },
    { weight: 2, arbitrary: fc.tuple(text, display, parent).map(a => show(...a)) },
    fc.tuple(text, fc.constantFrom('x', 'y', 'z'), parent).map(a => update(...a)),
    fc.tuple(fc.boolean(), parent).map(a => clear(...a)),
    fc.tuple(text, fc.nat({ max: 9 }), parent).map(a => result(...a)),
    parent.map(id => failure(id))
  );
}
