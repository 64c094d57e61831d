import { HoldWanted, OffboardWanted, type HoldAnswer, type OffboardAnswer } from '@labkeeper/protocol';
import { HubUnavailableError } from '../hub-api/hub-api.js';
import type { Offboarding } from '../offboard/offboarding.js';
import { Refusal } from '../pages/refusal.js';
import { ADMIN_SCOPE, isAdmin } from '../people/admin-right.js';
import type { IActor, ILegal } from '../store/legal.js';
import { bodyOf, type ApiRoutes } from './admin-api.js';

export interface ILegalApiParts {
  readonly legal: ILegal;
  readonly offboarding: Offboarding;
}

/** POST holds, POST offboard: for administrators, with a token of JupyterHub. */
export function legalRoutes({ legal, offboarding }: ILegalApiParts): ApiRoutes {
  return (api, door) => {
    api.post('/holds', async (request): Promise<HoldAnswer> => {
      const person = await door.actor(request);
      const wanted = cleaned(bodyOf(HoldWanted, request));
      if (!isAdmin(person)) {
        throw notAdmin();
      }
      return setHold(legal, { hub: person.hub, by: person.name, reason: wanted.reason }, wanted);
    });
    api.post('/offboard', async (request): Promise<OffboardAnswer> => {
      const person = await door.actor(request);
      const wanted = cleaned(bodyOf(OffboardWanted, request));
      if (!isAdmin(person)) {
        throw notAdmin();
      }
      return endAccess(offboarding, { hub: person.hub, by: person.name, reason: wanted.reason }, wanted);
    });
  };
}

/** @throws Refusal */
export async function setHold(
  legal: ILegal,
  actor: IActor,
  { user, case: caseName }: HoldWanted
): Promise<HoldAnswer> {
  if (user === null && caseName === null) {
    throw new Refusal(400, 'A hold is on a person, a case, or both: name one, so nothing was changed.');
  }
  if (!(await legal.hold(actor, user, caseName))) {
    throw new Refusal(404, `The log knows nobody called ${user} at this hub, so nothing was changed.`);
  }
  const [newest] = (await legal.holds(actor.hub)).filter(
    hold => hold.by === actor.by && (hold.person?.name ?? null) === user && hold.caseName === caseName
  );
  return { hold: newest?.id ?? 0 };
}

/** @throws Refusal */
export async function endAccess(
  offboarding: Offboarding,
  actor: IActor,
  wanted: OffboardWanted
): Promise<OffboardAnswer> {
  let answer;
  try {
    answer = await offboarding.offboard(actor, wanted);
  } catch (cause) {
    if (cause instanceof HubUnavailableError) {
      throw new Refusal(503, 'JupyterHub does not say now whether it knows this user, so nothing was done.', {
        cause
      });
    }
    throw cause;
  }
  if (answer === null) {
    throw new Refusal(
      404,
      `Neither JupyterHub nor the log knows anybody called ${wanted.user}, so nothing was done.`
    );
  }
  return answer;
}

/** Databases have no text with a NUL in it. @throws Refusal */
export function cleaned<Wanted extends HoldWanted | OffboardWanted>(wanted: Wanted): Wanted {
  if ([wanted.user, wanted.case, wanted.reason].some(text => text?.includes('\0'))) {
    throw new Refusal(400, 'A text with a NUL in it cannot be taken, so nothing was changed.');
  }
  return wanted;
}

function notAdmin(): Refusal {
  return new Refusal(403, `Holds and offboarding are for administrators: ${ADMIN_SCOPE} is missing.`);
}
