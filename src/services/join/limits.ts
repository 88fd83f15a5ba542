/** How often a gateway looks whether somebody has added this host to the member list. */
export const LOOK_EVERY_MS = 2_000;
/** How often it is looked again while nothing can be said. */
export const WAIT_EVERY_MS = 2_000;
/** A member that waits for others takes connections and answers nothing; one that serves answers at once. */
export const PEER_LOOK_MS = 1_000;
/** Without a quorum a list never comes. */
export const LIST_MS = 3_000;
/** How often a member that was just started is asked whether it serves. */
export const SERVES_EVERY_MS = 200;
