import { textOf, type NotebookCell } from '@labkeeper/core';
import { fieldsOf, outputsOf } from './version.js';

/** An output as it can be shown without trusting it: nothing of it is ever run or laid out. */
export type ShownOutput =
  | { readonly kind: 'text'; readonly text: string; readonly moreLines: number }
  | { readonly kind: 'image'; readonly source: string }
  | { readonly kind: 'error'; readonly text: string }
  /** Something that only the notebook can show: its MIME types. */
  | { readonly kind: 'other'; readonly types: string };

const MOST_OUTPUTS = 20;
const MOST_LINES = 30;
/** In UTF-16 units. */
const LONGEST_TEXT = 8000;
/** An image that is longer is only named, in characters of base64. */
const LARGEST_IMAGE = 8 * 1024 * 1024;
/** Formats that hold pixels and nothing else. */
const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;
const BASE64 = /^[A-Za-z0-9+/=\s]*$/;
/** Colours and other orders to terminals (ECMA-48). */
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

/** The first outputs of a cell, and how many are not among them. */
export function shownOutputs(cell: NotebookCell): {
  readonly shown: readonly ShownOutput[];
  readonly more: number;
} {
  const outputs = outputsOf(cell);
  return {
    shown: outputs.slice(0, MOST_OUTPUTS).map(shownOutput),
    more: Math.max(0, outputs.length - MOST_OUTPUTS)
  };
}

function shownOutput(output: Readonly<Record<string, unknown>>): ShownOutput {
  if (output['output_type'] === 'stream') {
    return shownText(textOf(output['text']));
  }
  if (output['output_type'] === 'error') {
    return {
      kind: 'error',
      text: `${textOf(output['ename'])}: ${textOf(output['evalue'])}`.slice(0, LONGEST_TEXT)
    };
  }
  const data = fieldsOf(output['data']);
  for (const type of IMAGES) {
    const image = textOf(data[type]);
    if (image !== '' && image.length <= LARGEST_IMAGE && BASE64.test(image)) {
      return { kind: 'image', source: `data:${type};base64,${image.replace(/\s/g, '')}` };
    }
  }
  const text = textOf(data['text/plain']);
  return text === ''
    ? { kind: 'other', types: Object.keys(data).slice(0, 5).join(', ').slice(0, 200) }
    : shownText(text);
}

function shownText(text: string): ShownOutput {
  const lines = text
    .slice(0, 4 * LONGEST_TEXT)
    .replace(ANSI, '')
    .replace(/\n$/, '')
    .split('\n');
  const shown = lines.slice(0, MOST_LINES).join('\n').slice(0, LONGEST_TEXT);
  const cut = text.length > 4 * LONGEST_TEXT ? (text.slice(4 * LONGEST_TEXT).match(/\n/g)?.length ?? 0) : 0;
  return { kind: 'text', text: shown, moreLines: Math.max(0, lines.length - MOST_LINES) + cut };
}
