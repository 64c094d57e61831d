/** On paper: black on white, no controls; the heads of a table on each sheet, and no row torn apart. */
export const PRINT = `
@media print {
  :root {
    color-scheme: light;
    --back: #ffffff;
    --raised: #ffffff;
    --line: #999999;
    --text: #000000;
    --faint: #333333;
    --link: #000000;
    --good: #000000;
    --warn: #000000;
    --bad: #000000;
    --marked: #ffffff;
  }

  body {
    font-size: 10pt;
  }

  main {
    max-width: none;
    padding: 0;
  }

  .top nav,
  .who button,
  .fold,
  .filters,
  .set-filters a,
  .pager,
  .more,
  .skip {
    display: none;
  }

  .data {
    font-size: 8.5pt;
  }

  .data thead {
    display: table-header-group;
  }

  .data thead th {
    position: static;
  }

  .data tr,
  .facts dt,
  .facts dd {
    break-inside: avoid;
  }

  .part h2 {
    break-after: avoid;
  }

  a {
    text-decoration: none;
  }
}
`;
