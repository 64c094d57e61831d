/** Colours of both themes, letters, and what is around every page. */
export const BASE = `
:root {
  color-scheme: light dark;
  --back: #ffffff;
  --raised: #f4f6f8;
  --line: #cfd6dd;
  --text: #1b1f24;
  --faint: #57606a;
  --link: #0a57a3;
  --good: #0f6b33;
  --warn: #7a4b00;
  --bad: #a40e26;
  --marked: #fff3c9;
  --radius: 6px;
}

@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171a;
    --raised: #1d2227;
    --line: #3a424b;
    --text: #e6e9ed;
    --faint: #a3adb8;
    --link: #82bbff;
    --good: #63d58a;
    --warn: #e6b84c;
    --bad: #ff9489;
    --marked: #43391a;
  }
}

* {
  box-sizing: border-box;
}

body {
  display: flex;
  flex-direction: column;
  min-height: 100vh;
  margin: 0;
  background: var(--back);
  color: var(--text);
  font: 15px/1.45 system-ui, sans-serif;
  font-variant-numeric: tabular-nums;
}

h1,
h2,
h3 {
  margin: 0;
  line-height: 1.25;
  overflow-wrap: anywhere;
}

h1 {
  font-size: 1.5rem;
}

h2 {
  font-size: 1.1rem;
}

h3 {
  margin-top: 12px;
  font-size: 0.95rem;
}

p {
  max-width: 75ch;
  margin: 8px 0;
}

a {
  color: var(--link);
  text-underline-offset: 2px;
}

code,
pre {
  font: 0.875em/1.45 ui-monospace, monospace;
  overflow-wrap: anywhere;
}

:focus-visible {
  outline: 2px solid var(--link);
  outline-offset: 2px;
}

main:focus-visible {
  outline: none;
}

main {
  flex: 1;
  width: 100%;
  max-width: 1440px;
  margin: 0 auto;
  padding: 20px 24px 32px;
}

footer {
  padding: 8px 24px;
  border-top: 1px solid var(--line);
  color: var(--faint);
  font-size: 0.875rem;
}

.skip {
  position: absolute;
  left: 8px;
  top: -60px;
  z-index: 2;
  padding: 8px 12px;
  background: var(--back);
}

.skip:focus {
  top: 8px;
}

.top {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 24px;
  align-items: center;
  padding: 0 24px;
  border-bottom: 1px solid var(--line);
  background: var(--raised);
}

.brand {
  padding: 10px 0;
  font-weight: 600;
}

.top ul {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
  margin: 0;
  padding: 0;
  list-style: none;
}

.top nav a {
  display: block;
  padding: 10px 12px;
  border-bottom: 3px solid transparent;
  color: inherit;
  text-decoration: none;
}

.top nav a:hover {
  border-bottom-color: var(--line);
}

.top nav a[aria-current] {
  border-bottom-color: var(--link);
  font-weight: 600;
}

.who {
  display: flex;
  gap: 12px;
  align-items: center;
  margin-left: auto;
  padding: 6px 0;
}

.text,
.away {
  overflow-wrap: anywhere;
}

.code-point {
  padding: 0 3px;
  border: 1px solid currentColor;
  border-radius: 3px;
  background: var(--marked);
  color: var(--text);
  font: 0.75em ui-monospace, monospace;
  white-space: nowrap;
}

.none,
.crumb,
.aside {
  color: var(--faint);
}

.notice {
  max-width: 640px;
  margin: 8vh auto 0;
}
`;
