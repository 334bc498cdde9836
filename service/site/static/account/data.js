/* What is stored about the owner of an account: taken along, or deleted. */

import { html } from "../lib.js";
import { Deletion } from "./deletion.js";
import { Exports } from "./exports.js";

/** Show what the owner of an account can do about the data in it. */
export function Data() {
  return html`<${Exports} /><${Deletion} />`;
}
