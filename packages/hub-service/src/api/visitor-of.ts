import type { IVisitor } from '../pages/reading.js';
import { Refusal } from '../pages/refusal.js';
import { AUDIT_SCOPE, auditRight } from '../people/audit-right.js';
import type { IHubPerson } from '../people/hub-identity.js';

/** Who reads the log with a token, and what she may read. @throws Refusal where she may read nothing */
export function visitorOf(person: IHubPerson): IVisitor {
  const right = auditRight(person);
  if (right === null) {
    throw new Refusal(403, `This token may not read the install log: ${AUDIT_SCOPE} is missing.`);
  }
  return { person, right };
}
