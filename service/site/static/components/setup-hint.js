/* On the start page of a new service: what there is to set up. Everything else of it is loaded only
   where something is left to do. */

import { html, loadStyle, useEffect, useState } from "../lib.js";
import { get } from "../client.js";
import { loadMessages } from "../i18n.js";
import { readChoice, storeChoice } from "../choices.js";

const HIDDEN = "first-run-hidden";
const POLL_MS = 5000; // somebody who follows the steps in a terminal sees each one done

/** Return what is set up, asked for again until nothing is left to do; null while that is unknown.
 *
 * Args:
 *   isWanted: whether the start page is shown.
 *   hasResults: whether it has films to show; those of a new catalogue are indexed a moment later.
 *   onFilms: called when there are other films than before, and while there are films but no results.
 */
export function useSetup(isWanted, hasResults, onFilms) {
  const [setup, setSetup] = useState(null);
  const isSettled = hasResults && (isHidden(setup) || (setup !== null && !isUnfinished(setup)));
  useEffect(() => {
    if (!isWanted || isSettled) return undefined;
    let films = setup?.films;
    const controller = new AbortController();
    const ask = async () => {
      if (document.hidden) return;
      try {
        const status = await get("/status", { signal: controller.signal });
        if (controller.signal.aborted || !status.setup) return;
        const isOther = films && films !== status.setup.films;
        films = status.setup.films;
        if (isOther || (!hasResults && films !== "none")) onFilms();
        setSetup(status.setup);
      } catch {
        /* The page works without it. */
      }
    };
    ask();
    const timer = setInterval(ask, POLL_MS);
    return () => {
      controller.abort();
      clearInterval(timer);
    };
  }, [isWanted, isSettled, hasResults]);
  return setup;
}

/** Show the steps that are left; nothing once they are done or somebody hid them. */
export function SetupHint({ setup }) {
  const [Panel, setPanel] = useState(null);
  const [isClosed, setClosed] = useState(false);
  const isShown = setup !== null && isUnfinished(setup) && !isClosed && !isHidden(setup);
  useEffect(() => {
    if (!isShown || Panel) return;
    const parts = [import("./first-run.js"), loadMessages("first-run"), loadStyle("first-run")];
    Promise.all(parts).then(
      ([module]) => setPanel(() => module.FirstRun),
      () => null,
    );
  }, [isShown]);
  const hide = () => {
    storeChoice(HIDDEN, "1");
    setClosed(true);
  };
  return isShown && Panel && html`<${Panel} setup=${setup} onHide=${hide} />`;
}

/* An operator may do without OMDb, so it alone is no reason to show the steps. */
const isUnfinished = ({ films, admin }) => films !== "own" || admin === false;

/* An empty catalogue has nothing else to show. */
const isHidden = (setup) => readChoice(HIDDEN) !== null && setup?.films !== "none";
