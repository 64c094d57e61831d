import type { ReactElement } from 'react';
import { RECEIPT_FIELD, RECEIPT_LENGTH } from '../receipt-query.js';

const NAME = 'Receipt or record number';

/** Leads from a receipt that a researcher names, or the number of a record, to the record. */
export function ReceiptForm(): ReactElement {
  return (
    <details className="fold slim">
      <summary>{NAME}</summary>
      <form method="get" action="/receipt" role="search" aria-label={NAME} className="filters find">
        <label>
          <span>{NAME}</span>
          <input
            type="text"
            name={RECEIPT_FIELD}
            maxLength={RECEIPT_LENGTH}
            placeholder="such as 1204-8c1f04aa"
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <button type="submit">Find</button>
      </form>
    </details>
  );
}
