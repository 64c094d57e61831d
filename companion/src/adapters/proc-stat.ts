import { numberAt } from './digits.js';

const OPEN = 40;
const CLOSE = 41;
const SPACE = 32;

/** Numbers of the fields after the name, as proc_pid_stat(5) counts them. */
const STATE = 3;
const PPID = 4;
const SESSION = 6;
const UTIME = 14;
const STIME = 15;
const CUTIME = 16;
const CSTIME = 17;
const THREADS = 20;
const START = 22;
const RSS = 24;

const RUNNING = 'R'.charCodeAt(0);
/** Zombie and dead. */
const GONE_STATES: readonly number[] = ['Z', 'X', 'x'].map(state => state.charCodeAt(0));

/** One line of `/proc/<pid>/stat`. One object is parsed into again and again. */
export class ProcStat {
  ppid = 0;
  session = 0;
  threads = 0;
  /** Ticks since boot when the process started: with the pid, its identity. */
  startTicks = 0;
  /** CPU time of its own, in ticks. */
  selfTicks = 0;
  /** CPU time of the children that ended and were waited for, in ticks. */
  childTicks = 0;
  /** Resident memory, in pages. */
  rssPages = 0;
  /** It ended; what is left is its exit status. */
  gone = false;
  /** It runs or waits for a CPU, also while a quota holds it. */
  runnable = false;
  /** Changes when the name changes, which it does at exec. */
  nameHash = 0;

  /** Takes the line apart; false when it is none. The name may hold spaces and `)`: its end is the last `)`. */
  parse(bytes: Uint8Array, length: number): boolean {
    const open = bytes.indexOf(OPEN);
    let close = length - 1;
    while (close > open && bytes[close] !== CLOSE) {
      close -= 1;
    }
    if (open <= 0 || open >= length || close <= open) {
      return false;
    }
    this.nameStart = open + 1;
    this.nameEnd = close;
    this.nameHash = 0;
    for (let at = open + 1; at < close; at += 1) {
      this.nameHash = (Math.imul(this.nameHash, 31) + (bytes[at] ?? 0)) | 0;
    }
    let at = close + 2;
    let self = 0;
    let child = 0;
    for (let field = STATE; field <= RSS && at < length; field += 1) {
      switch (field) {
        case STATE:
          this.gone = GONE_STATES.includes(bytes[at] ?? 0);
          this.runnable = bytes[at] === RUNNING;
          break;
        case PPID:
          this.ppid = numberAt(bytes, at, length);
          break;
        case SESSION:
          this.session = numberAt(bytes, at, length);
          break;
        case UTIME:
        case STIME:
          self += numberAt(bytes, at, length);
          break;
        case CUTIME:
        case CSTIME:
          child += numberAt(bytes, at, length);
          break;
        case THREADS:
          this.threads = numberAt(bytes, at, length);
          break;
        case START:
          this.startTicks = numberAt(bytes, at, length);
          break;
        case RSS:
          this.rssPages = numberAt(bytes, at, length);
          this.selfTicks = self;
          this.childTicks = child;
          return !Number.isNaN(this.ppid + self + child + this.threads + this.startTicks + this.rssPages);
        default:
      }
      while (at < length && bytes[at] !== SPACE) {
        at += 1;
      }
      at += 1;
    }
    return false;
  }

  /** The name, from the same bytes. */
  name(bytes: Buffer): string {
    return bytes.toString('utf8', this.nameStart, this.nameEnd);
  }

  private nameStart = 0;
  private nameEnd = 0;
}
