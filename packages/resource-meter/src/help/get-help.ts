/** Opens the page "Get help"; `about` = ids of events that it is about. */
export const GET_HELP = 'labkeeper:get-help';
/** Reads the last lines of the install log, where there is one. */
export const READ_INSTALL_LOG = 'labkeeper:read-install-log';
