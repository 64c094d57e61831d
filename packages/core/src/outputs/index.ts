export { Execution, type IPlace } from './execution.js';
export { KernelExecutions, type IKernelExecutionsOptions } from './kernel-executions.js';
export { LEFT_OUT_TYPE, leftOutOutput, readLeftOut, type ILeftOut } from './left-out.js';
export type { IOutputLimits } from './bounded-outputs.js';
export { OutputList } from './output-list.js';
export {
  isJson,
  OUTPUT_TYPES,
  parseOutputMessage,
  type IIopubMessage,
  type IOutputSize,
  type Json,
  type OutputMessage
} from './output-message.js';
