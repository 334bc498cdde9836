/* A part of a view that is loaded once the view is shown. The view is whole without it. */

import { html, useEffect, useState } from "../lib.js";

/** Show the default export of the module that `load()` imports; other properties are its own. */
export function LazyPart({ load, ...properties }) {
  const [part, setPart] = useState(null);
  useEffect(() => {
    let isShown = true;
    load().then(
      (module) => isShown && setPart(() => module.default),
      () => null,
    );
    return () => (isShown = false);
  }, []);
  return part && html`<${part} ...${properties} />`;
}
