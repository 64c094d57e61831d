import type { TranslationBundle } from '@jupyterlab/translation';
import type { KernelLoss, Variable } from '@labkeeper/protocol';
import type { LossWords } from '../reclaim/loss-words.js';

export interface ILossesProps {
  readonly losses: readonly KernelLoss[];
  /** By the server's clock. */
  readonly nowMs: number;
  readonly words: LossWords;
  readonly trans: TranslationBundle;
}

/** Kernel by kernel what will be lost: memory, variables with their age, and how the checkpoint cells stand. */
export function Losses(props: ILossesProps): JSX.Element {
  const { losses, trans } = props;
  return (
    <div className="lk-Losses">
      <h2 className="lk-Losses-title">{trans.__('What will be lost')}</h2>
      <p>
        {trans.__(
          'Kernels end with the machine, and their variables with them. Write out what took long to compute, or tag the cell that does it with labkeeper-checkpoint: it is then run at a notice.'
        )}
      </p>
      {losses.length === 0 && <p>{trans.__('No kernel is running.')}</p>}
      {losses.map(loss => (
        <Kernel key={loss.kernelId} loss={loss} {...props} />
      ))}
      <p className="lk-Losses-note">
        {trans.__('Sizes are of the objects themselves, without what they refer to.')}
      </p>
    </div>
  );
}

function Kernel({ loss, nowMs, words, trans }: ILossesProps & { readonly loss: KernelLoss }): JSX.Element {
  const { variables, title, path } = loss;
  const more = variables ? variables.count - variables.items.length : 0;
  return (
    <section className="lk-Losses-kernel">
      <h3 title={path ?? undefined}>{title}</h3>
      <p>{words.kernel(loss, nowMs)}</p>
      {loss.checkpoint && <p>{words.checkpoint(loss, nowMs)}</p>}
      {variables && variables.items.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{trans.__('Variable')}</th>
              <th scope="col">{trans.__('Type')}</th>
              <th scope="col" className="lk-mod-number">
                {trans.__('Size')}
              </th>
            </tr>
          </thead>
          <tbody>
            {variables.items.map((variable, index) => (
              <Row key={index} variable={variable} words={words} />
            ))}
          </tbody>
        </table>
      )}
      {more > 0 && <p>{trans._n('And one more.', 'And %1 more.', more)}</p>}
    </section>
  );
}

function Row({
  variable: { name, type, bytes },
  words
}: {
  readonly variable: Variable;
  readonly words: LossWords;
}): JSX.Element {
  return (
    <tr>
      <td title={name}>{name}</td>
      <td title={type}>{type}</td>
      <td className="lk-mod-number">{words.size(bytes)}</td>
    </tr>
  );
}
