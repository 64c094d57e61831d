/** Where the log's table has no room (on paper it is smaller) rows are cards, and names stand above values. */
export const NARROW = `
@media screen and (max-width: 1070px), (max-width: 800px) {
  main {
    padding: 14px 14px 24px;
  }

  .top,
  footer {
    padding-left: 14px;
    padding-right: 14px;
  }

  .top nav {
    order: 1;
    width: 100%;
  }

  .top ul {
    gap: 0 18px;
  }

  .top nav a {
    padding: 8px 0;
  }

  .away {
    display: none;
  }

  .fields {
    grid-template-columns: 1fr 1fr;
  }

  .set-filters li {
    padding: 1px 2px 1px 12px;
    border-radius: 18px;
  }

  .set-filters a {
    min-width: 32px;
    line-height: 32px;
  }

  .data,
  .data tbody,
  .data caption {
    display: block;
  }

  .data thead {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }

  .data tr {
    display: block;
    margin-bottom: 10px;
    padding: 8px 12px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }

  .data tbody th,
  .data tbody td {
    display: grid;
    grid-template-columns: 110px minmax(0, 1fr);
    gap: 8px;
    padding: 1px 0;
    border: none;
    justify-items: start;
  }

  .data tbody th::before,
  .data tbody td::before {
    content: attr(data-head);
    color: var(--faint);
    font-weight: 400;
  }

  .data .time,
  .data .number,
  .mark {
    white-space: normal;
  }

  .data td:has(> div > .dash) {
    display: none;
  }

  .facts {
    grid-template-columns: 1fr;
    gap: 0;
  }

  .facts dd {
    margin-bottom: 8px;
  }
}
`;
