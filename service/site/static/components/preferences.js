/* The choices of scheme and language, kept in this browser. */

import { html } from "../lib.js";
import { LANGUAGES, language, setLanguage, t } from "../i18n.js";
import { readChoice, storeChoice } from "../choices.js";
import { createStore, useStore } from "../store.js";

const THEMES = ["system", "light", "dark"];

const theme = createStore(readChoice("theme") ?? "system");

/** Show both choices. `place` tells the groups of radio buttons of two places apart. */
export function PreferenceChoices({ place }) {
  const chosenTheme = useStore(theme);
  const chosenLanguage = useStore(language);
  return [
    html`<${Choices}
      name=${`theme-${place}`}
      legend=${t("theme.label")}
      options=${THEMES.map((name) => [name, t(`theme.${name}`)])}
      value=${chosenTheme}
      onChoose=${chooseTheme}
    />`,
    html`<${Choices}
      name=${`language-${place}`}
      legend=${t("language.label")}
      options=${Object.entries(LANGUAGES)}
      value=${chosenLanguage}
      onChoose=${setLanguage}
      inOwnLanguage
    />`,
  ];
}

function chooseTheme(name) {
  storeChoice("theme", name === "system" ? null : name);
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  theme.set(name);
}

function Choices({ name, legend, options, value, onChoose, inOwnLanguage }) {
  return html`<fieldset class="choice-group">
    <legend>${legend}</legend>
    ${options.map(
      ([option, label]) =>
        html`<label class="choice" key=${option} lang=${inOwnLanguage ? option : null}>
          <input
            type="radio"
            name=${name}
            value=${option}
            checked=${option === value}
            onChange=${() => onChoose(option)}
          />
          ${label}
        </label>`,
    )}
  </fieldset>`;
}
