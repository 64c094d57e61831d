import { createElement } from 'react';
import type { FastifyInstance } from 'fastify';
import type { IVerdictFeedback } from '../store/verdict-feedback.js';
import type { IPage } from './answers.js';
import type { LogRoutes } from './log-routes.js';
import { read, type IVisitor, type Reading } from './reading.js';
import { Refusal } from './refusal.js';
import { refuseUnknownFields } from './unknown-fields.js';
import { readVerdictsHub, verdictsAddress } from './verdicts-query.js';
import { VerdictsPage } from './view/verdicts-page.js';

export interface IVerdictsRoutesOptions {
  readonly feedback: IVerdictFeedback;
  readonly reading: Reading;
  readonly logRoutes: LogRoutes;
}

/** Answers that are shown, the newest. */
const NEWEST = 100;

/** "Was this right?": what researchers say of verdicts. */
export class VerdictsRoutes {
  constructor(private readonly options: IVerdictsRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    this.options.logRoutes.page(fastify, '/verdicts', (visitor, request) => {
      refuseUnknownFields(request.query, '/verdicts', ['hub']);
      return this.verdicts(visitor, readVerdictsHub(request.query));
    });
  }

  private async verdicts(visitor: IVisitor, asked: string | undefined): Promise<IPage> {
    const { feedback, reading } = this.options;
    // It is kept without the groups that people were in.
    if (visitor.right.kind !== 'all') {
      throw new Refusal(
        403,
        'What researchers say of verdicts is shown only to people who may read all of the log.',
        {
          link: { href: '/deaths', text: 'Go to deaths' }
        }
      );
    }
    const hub = await reading.lookingAt(visitor, 'deaths', verdictsAddress(asked), asked);
    const [tally, rows] = await read(() => Promise.all([feedback.tally(hub), feedback.newest(NEWEST, hub)]));
    return {
      title: 'Was it right?',
      tab: 'deaths',
      body: createElement(VerdictsPage, { tally, rows, hub: asked, hubs: reading.hubsOf(visitor) })
    };
  }
}
