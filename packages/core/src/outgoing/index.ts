export * from './retry-pause.js';
export * from './slack-message.js';
export * from './syslog-line.js';
export * from './hole-words.js';
export * from './otlp-logs.js';
export * from './otlp-rejected.js';
