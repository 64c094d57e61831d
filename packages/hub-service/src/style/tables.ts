/** Tables and what stands in them. */
export const TABLES = `
.data {
  width: 100%;
  border-collapse: collapse;
  font-size: 0.875rem;
}

.data caption {
  padding: 6px 0;
  color: var(--faint);
  text-align: left;
}

.data th,
.data td {
  padding: 5px 10px 5px 0;
  border-bottom: 1px solid var(--line);
  font-weight: 400;
  text-align: left;
  vertical-align: top;
}

.data thead th {
  position: sticky;
  top: 0;
  background: var(--back);
  color: var(--faint);
  white-space: nowrap;
}

.data tbody tr:hover,
.data tr[aria-current] {
  background: var(--raised);
}

.data tr[aria-current] th:first-child {
  box-shadow: inset 3px 0 var(--link);
  padding-left: 8px;
}

.data .time,
.data .number {
  white-space: nowrap;
}

.data .what .text {
  white-space: nowrap;
}

.data .name {
  min-width: 11ch;
}

.data .package {
  min-width: 16ch;
}

.data tbody .package {
  font-weight: 600;
}

.data .package .version {
  font-weight: 400;
}

.mark {
  white-space: nowrap;
}

.grade-confirmed,
.grade-hub,
.effect-allow {
  color: var(--good);
}

.grade-claimed,
.effect-warn,
.effect-require-approval {
  color: var(--warn);
}

.grade-unreadable,
.effect-deny {
  color: var(--bad);
  font-weight: 600;
}

.grade-stream {
  color: var(--faint);
}

.pager {
  display: flex;
  gap: 20px;
  padding: 12px 0;
  color: var(--faint);
}

.empty {
  margin: 24px 0;
  padding: 16px 20px;
  border: 1px dashed var(--line);
  border-radius: var(--radius);
}
`;
