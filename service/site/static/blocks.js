/* Whom one does not want to read: a block, and the end of one. */

import { put, remove } from "./client.js";
import { loadMessages } from "./i18n.js";

await loadMessages("blocks");

/** Block a user, or no longer. */
export async function setBlocked(name, isBlocked) {
  if (isBlocked) await put(`/me/blocks/${encodeURIComponent(name)}`);
  else await remove(`/me/blocks/${encodeURIComponent(name)}`);
}
