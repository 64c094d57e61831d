/** An answer of a cloud's metadata service. */
export interface IMetadataText {
  readonly status: number;
  readonly text: string;
}
