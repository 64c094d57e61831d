import { isJson, type Json } from './output-message.js';

/**
 * The kind of data that stands where outputs were left out. Its value is `ILeftOut`; the words are the page's. Where
 * nobody knows it, nothing is shown; the notebook stays valid.
 */
export const LEFT_OUT_TYPE = 'application/vnd.labkeeper.left-out+json';

/** What is missing at one place among the outputs. */
export interface ILeftOut {
  readonly bytes: number;
  /** false = more is missing than `bytes`, and nobody knows how much. */
  readonly exact: boolean;
}

/** The output that stands for what is missing. */
export function leftOutOutput({ bytes, exact }: ILeftOut): Json {
  return { output_type: 'display_data', data: { [LEFT_OUT_TYPE]: { bytes, exact } }, metadata: {} };
}

/** What an output says is missing; null = it is an output like any other. */
export function readLeftOut(output: Json): ILeftOut | null {
  const value = isJson(output['data']) ? output['data'][LEFT_OUT_TYPE] : null;
  return isJson(value) && typeof value['bytes'] === 'number'
    ? { bytes: value['bytes'], exact: value['exact'] === true }
    : null;
}
