/** The page of one record, and the status. */
export const STORY = `
.lead {
  font-size: 1.05rem;
}

.part {
  margin-top: 22px;
}

.part h2 {
  padding-bottom: 4px;
  border-bottom: 1px solid var(--line);
}

.part ul {
  max-width: 75ch;
  margin: 8px 0;
  padding-left: 20px;
}

.facts {
  display: grid;
  grid-template-columns: minmax(140px, 260px) 1fr;
  gap: 4px 16px;
  margin: 8px 0;
}

.facts dt {
  color: var(--faint);
}

.facts dd {
  min-width: 0;
  margin: 0;
  overflow-wrap: anywhere;
}

pre {
  margin: 6px 0;
  padding: 10px 12px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--raised);
  white-space: pre-wrap;
}
`;
