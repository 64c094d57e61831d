/** Filters and buttons. */
export const FORMS = `
button,
.button {
  display: inline-block;
  padding: 6px 16px;
  border: 1px solid var(--link);
  border-radius: var(--radius);
  background: var(--link);
  color: var(--back);
  font: inherit;
  font-weight: 600;
  text-decoration: none;
  cursor: pointer;
}

button:hover,
.button:hover {
  filter: brightness(1.1);
}

button.plain {
  padding: 3px 10px;
  border-color: var(--line);
  background: transparent;
  color: inherit;
  font-weight: 400;
}

.filters {
  display: flex;
  flex-direction: column;
  gap: 10px;
  margin: 14px 0;
  padding: 12px 14px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--raised);
}

/* One field and its button beside each other. */
.find {
  flex-direction: row;
  flex-wrap: wrap;
  align-items: end;
}

.find label {
  flex: 0 1 320px;
}

.fields {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(180px, 1fr));
  gap: 10px 14px;
}

.filters label {
  display: flex;
  flex-direction: column;
  gap: 2px;
  min-width: 0;
}

.filters label > span {
  color: var(--faint);
  font-size: 0.8125rem;
}

.filters input,
.filters textarea,
.filters select {
  width: 100%;
  min-height: 34px;
  padding: 4px 8px;
  border: 1px solid var(--faint);
  border-radius: var(--radius);
  background: var(--back);
  color: var(--text);
  font: inherit;
}

.lift {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
}

.lift input {
  min-width: 8ch;
  max-width: 15ch;
  padding: 3px 8px;
  border: 1px solid var(--faint);
  border-radius: var(--radius);
  background: var(--back);
  color: var(--text);
  font: inherit;
}

.lift ::placeholder,
.filters ::placeholder {
  color: var(--faint);
  opacity: 1;
}

.filters summary {
  width: fit-content;
  cursor: pointer;
  color: var(--link);
}

.filters details[open] summary {
  margin-bottom: 8px;
}

.fold > summary {
  width: fit-content;
  margin: 10px 0;
  padding: 6px 12px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--raised);
  color: var(--link);
  cursor: pointer;
}

/* Beside another: what was found is not to be pushed off a phone. */
.slim > summary {
  margin: 4px 0;
  padding: 0;
  border: 0;
  background: none;
}

/* With room it is always open. A browser that cannot do that leaves it to be opened. */
@supports selector(::details-content) {
  @media (min-width: 801px) {
    .fold > summary {
      display: none;
    }

    .fold::details-content {
      content-visibility: visible;
      block-size: auto;
    }
  }
}

.buttons {
  display: flex;
  gap: 16px;
  align-items: center;
}

.set-filters {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  margin: 0 0 12px;
  padding: 0;
  list-style: none;
  font-size: 0.875rem;
}

.set-filters li {
  max-width: 100%;
  padding: 2px 4px 2px 10px;
  border: 1px solid var(--line);
  border-radius: 12px;
}

.set-filters a {
  display: inline-block;
  min-width: 24px;
  text-align: center;
  text-decoration: none;
}

.views .named {
  display: flex;
  flex-wrap: wrap;
  gap: 6px 14px;
  align-items: center;
  margin-bottom: 10px;
}

.views ul {
  display: flex;
  flex-wrap: wrap;
  gap: 6px 14px;
  margin: 0;
  padding: 0;
  list-style: none;
}

.views li,
.views li form {
  display: flex;
  gap: 4px;
  align-items: center;
}

.views [aria-current] {
  font-weight: 600;
  text-decoration: none;
}

.views summary {
  width: fit-content;
  cursor: pointer;
  color: var(--link);
}

.views details form {
  display: flex;
  flex-wrap: wrap;
  gap: 10px 14px;
  align-items: end;
  margin: 8px 0 12px;
}

.views label:not(.check) {
  display: flex;
  flex-direction: column;
  gap: 2px;
}

.views input:not([type='checkbox']) {
  min-height: 34px;
  padding: 4px 8px;
  border: 1px solid var(--faint);
  border-radius: var(--radius);
  background: var(--back);
  color: var(--text);
  font: inherit;
}

.follow {
  margin: 8px 0;
}

.follow > p {
  margin: 0 0 4px;
}

.arrived {
  position: fixed;
  top: 8px;
  left: 50%;
  z-index: 1;
  border-radius: 17px;
  box-shadow: 0 0 0 3px var(--back);
  transform: translateX(-50%);
}

.arrived[hidden] {
  display: none;
}

.new {
  color: var(--good);
  font-weight: 600;
}

.problems {
  margin: 12px 0;
  padding: 4px 14px;
  border-left: 4px solid var(--bad);
  background: var(--raised);
}
`;
