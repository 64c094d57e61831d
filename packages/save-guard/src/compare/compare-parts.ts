/** What is loaded when two versions are compared for the first time. */
export { CompareModel } from './compare-model.js';
export { CompareWidget } from './compare-widget.js';
export { CompareWords } from './compare-words.js';
export { ComparedDocument } from './compared-document.js';
export { readVersion } from './read-version.js';
