/** The package has no types of its own. */
declare module 'spdx-expression-parse' {
  export interface SpdxLicence {
    readonly license: string;
    /** This version or a later one. */
    readonly plus?: true;
    readonly exception?: string;
  }
  export interface SpdxBoth {
    readonly left: SpdxTerm;
    readonly conjunction: 'and' | 'or';
    readonly right: SpdxTerm;
  }
  export type SpdxTerm = SpdxLicence | SpdxBoth;

  /** Reads a licence expression of SPDX. @throws Error where it is none. */
  export default function parse(expression: string): SpdxTerm;
}
