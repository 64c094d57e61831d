import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import {
  CHECKPOINT_CELLS,
  CHECKPOINT_CHARACTERS,
  type Checkpoint,
  type KernelLoss,
  type Variable
} from '@labkeeper/protocol';

/** Variables that the banner names. */
const NAMED = 3;

/** Puts into words what kernels hold, and how their checkpoint cells stand. */
export class LossWords {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly say: Quantities
  ) {}

  /** "Variables of 3 kernels will be lost: df_prices 3.1 GB, model 0.4 GB, … (as of 12 s ago)." Empty = no kernel. */
  summary(losses: readonly KernelLoss[], nowMs: number): string {
    const { trans, say } = this;
    if (losses.length === 0) {
      return '';
    }
    const known = losses.flatMap(({ variables }) => variables ?? []);
    const largest = known
      .flatMap(({ items }) => items)
      .filter(({ bytes }) => bytes !== null)
      .sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0))
      .slice(0, NAMED);
    if (largest.length === 0) {
      return trans._n(
        'The variables of one kernel will be lost: write out what took long to compute.',
        'The variables of %1 kernels will be lost: write out what took long to compute.',
        losses.length
      );
    }
    const count = known.reduce((sum, variables) => sum + variables.count, 0);
    const names =
      largest.map(variable => this.named(variable)).join(', ') + (count > largest.length ? ', …' : '');
    const ago = say.ago(Math.min(...known.map(({ asOfMs }) => asOfMs)), nowMs);
    return trans._n(
      'The variables of one kernel will be lost: %2 (as of %3).',
      'The variables of %1 kernels will be lost: %2 (as of %3).',
      losses.length,
      names,
      ago
    );
  }

  /** What is known of one kernel: "busy, 1.2 GB of memory; 14 variables as of 12 s ago". */
  kernel(loss: KernelLoss, nowMs: number): string {
    const { trans, say } = this;
    const { busy, memoryBytes, variables } = loss;
    const state = busy ? trans.__('busy') : trans.__('idle');
    const holds = memoryBytes === null ? state : trans.__('%1, %2 of memory', state, this.size(memoryBytes));
    const known = variables
      ? trans._n(
          'one variable as of %2',
          '%1 variables as of %2',
          variables.count,
          say.ago(variables.asOfMs, nowMs)
        )
      : this.why(loss);
    return `${holds}; ${known}`;
  }

  /** "Checkpoint cell of a.ipynb: done at 12:03". Empty = it has none. */
  checkpoint({ checkpoint, title }: KernelLoss, nowMs: number): string {
    return checkpoint === null
      ? ''
      : this.trans._n(
          'Checkpoint cell of %2: %3',
          'Checkpoint cells of %2: %3',
          checkpoint.cells,
          title,
          this.course(checkpoint, nowMs)
        );
  }

  /** So many checkpoint cells of a notebook are not run: they are too long, or too many. */
  leftOut(path: string, count: number): string {
    return this.trans._n(
      'One checkpoint cell of “%2” will not be run at a notice: such a cell may have %3 characters, and a notebook %4 of them. Let it call a function instead.',
      '%1 checkpoint cells of “%2” will not be run at a notice: such a cell may have %3 characters, and a notebook %4 of them. Let them call functions instead.',
      count,
      path,
      this.say.number(CHECKPOINT_CHARACTERS),
      this.say.number(CHECKPOINT_CELLS)
    );
  }

  /** "3.1 GB", "12 kB", "28 B"; empty = nobody can say. */
  size(bytes: number | null): string {
    const { trans, say } = this;
    if (bytes === null) {
      return '';
    }
    if (bytes < 1000) {
      return trans.__('%1 B', bytes);
    }
    return bytes < 1024 ** 2 ? trans.__('%1 kB', Math.round(bytes / 1024)) : say.bytes(bytes);
  }

  /** Of what is not known: "variables not known", and why. */
  private why({ why }: KernelLoss): string {
    const { trans } = this;
    switch (why) {
      case 'asking':
        return trans.__('its variables are being asked for');
      case 'busy':
        return trans.__('its variables are not known while it works');
      case 'language':
        return trans.__('variables are known of Python kernels only');
      case 'no-answer':
        return trans.__('it did not say which variables it has');
      case 'not-asked':
      case null:
        return trans.__('its variables are not asked for');
    }
  }

  private course({ state, atMs, problem }: Checkpoint, nowMs: number): string {
    const { trans, say } = this;
    switch (state) {
      case 'waiting':
        return trans.__('waiting for the kernel, which is busy');
      case 'running':
        return trans.__('running');
      case 'done':
        return trans.__('done at %1', say.clock(atMs, nowMs));
      case 'failed':
        return problem === null
          ? trans.__('failed, the kernel did not say why')
          : trans.__('failed: %1', problem);
      case 'late':
        return trans.__('not done in time');
      case 'not-run':
        return trans.__('not run');
    }
  }

  private named({ name, bytes }: Variable): string {
    return `${name} ${this.size(bytes)}`;
  }
}
