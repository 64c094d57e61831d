export { codeOf, reasonOf } from '@labkeeper/core';
