/* Forms: labelled fields, each error at its field, nothing typed is lost on an error.

   The inputs keep their own values, so password managers fill them as in any form. */

import { html, loadStyle, useLayoutEffect, useRef, useState } from "../lib.js";
import { ApiError } from "../client.js";
import { hasMessage, loadMessages, t } from "../i18n.js";
import { ErrorNotice, Notice } from "./notice.js";

await Promise.all([loadMessages("form"), loadStyle("form")]);

/* The fields of errors that name none. */
const FIELDS_BY_CODE = {
  username_taken: "username",
  username_confusable: "username",
  email_taken: "email",
  invite_required: "invite",
  invite_invalid: "invite",
};

let formCount = 0;

/** Return the state of a form whose values `send` submits; it resolves, or rejects with ApiError. */
export function useForm(send) {
  const element = useRef(null);
  const id = useRef(null);
  id.current ??= `form-${(formCount += 1)}`;
  const isBusy = useRef(false);
  const [state, setState] = useState({ isBusy: false, error: null, errors: {}, attempt: 0 });
  const finish = (changes) => {
    isBusy.current = false;
    setState((last) => ({ ...last, isBusy: false, attempt: last.attempt + 1, ...changes }));
  };
  const submit = async (event) => {
    event?.preventDefault();
    if (isBusy.current) return;
    const missing = findMissing(element.current);
    if (Object.keys(missing).length) {
      finish({ error: null, errors: missing });
      return;
    }
    isBusy.current = true;
    setState((last) => ({ ...last, isBusy: true, error: null, errors: {} }));
    try {
      await send(Object.fromEntries(new FormData(element.current)));
      finish({ error: null, errors: {} });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      finish(placeErrors(error, element.current));
    }
  };
  const forget = (event) => {
    const name = event.target.name;
    if (!state.errors[name]) return;
    setState(({ errors: { [name]: _, ...others }, ...last }) => ({ ...last, errors: others }));
  };
  useLayoutEffect(() => {
    if (state.attempt) element.current?.querySelector('[aria-invalid="true"]')?.focus();
  }, [state.attempt]);
  return { ...state, id: id.current, element, submit, forget };
}

/** Lay out the fields of a form, what went wrong with it as a whole, and its buttons.
 *
 * `help(error)` gives what one can do about an error, beside its text.
 */
export function Form({ form, label, children, actions, help }) {
  return html`<form
    class="form"
    ref=${form.element}
    novalidate
    aria-label=${label}
    aria-busy=${form.isBusy ? "true" : null}
    onSubmit=${form.submit}
    onInput=${form.forget}
  >
    ${form.error && html`<${FormError} error=${form.error} action=${help?.(form.error)} />`}
    ${children}
    <div class="form-actions">${actions}</div>
  </form>`;
}

function FormError({ error, action }) {
  const key = `form.code.${error.code}`;
  if (hasMessage(key)) return html`<${Notice} kind="danger" title=${t(key)} action=${action} />`;
  return html`<${ErrorNotice} error=${error} />`;
}

/** Show a submit button that says that its form is busy; `kind` is primary or danger. */
export function SubmitButton({ form, kind = "primary", children }) {
  return html`<button type="submit" class=${`button button-${kind}`} aria-disabled=${form.isBusy}>
    ${form.isBusy ? t("form.busy") : children}
  </button>`;
}

/** Show a field: its label, input, hint and error. More attributes are the input's. */
export function Field({ form, name, label, hint, tag = "input", ...attributes }) {
  const ids = describeField(form, name, hint);
  return html`<div class="field">
    <label for=${ids.id}>${label}</label>
    <${tag} class=${tag === "select" ? "input select" : "input"} name=${name} ...${inputAttributes(ids)} ...${attributes} />
    <${FieldNotes} ids=${ids} hint=${hint} />
  </div>`;
}

/** Show a field for a password, with a button that shows what was typed. */
export function PasswordField({ form, name, label, hint, ...attributes }) {
  const ids = describeField(form, name, hint);
  const [isShown, setShown] = useState(false);
  return html`<div class="field">
    <label for=${ids.id}>${label}</label>
    <div class="input-row">
      <input
        class="input"
        name=${name}
        type=${isShown ? "text" : "password"}
        autocapitalize="none"
        spellcheck=${false}
        ...${inputAttributes(ids)}
        ...${attributes}
      />
      <button
        type="button"
        class="button button-quiet"
        aria-pressed=${String(isShown)}
        aria-label=${t("form.show_password")}
        onClick=${() => setShown(!isShown)}
      >
        ${t(isShown ? "form.hide" : "form.show")}
      </button>
    </div>
    <${FieldNotes} ids=${ids} hint=${hint} />
  </div>`;
}

function FieldNotes({ ids, hint }) {
  return [
    hint && html`<p class="field-hint" id=${ids.hint}>${hint}</p>`,
    ids.text && html`<p class="field-error" id=${ids.error}>${ids.text}</p>`,
  ];
}

function describeField(form, name, hint) {
  const id = `${form.id}-${name.replaceAll("/", "-")}`;
  return { id, hint: hint ? `${id}-hint` : null, error: `${id}-error`, text: form.errors[name] };
}

function inputAttributes({ id, hint, error, text }) {
  return {
    id,
    "aria-invalid": text ? "true" : null,
    "aria-describedby": [hint, text && error].filter(Boolean).join(" ") || null,
  };
}

function findMissing(form) {
  const empty = [...form.elements].filter((input) => input.required && !input.value.trim());
  return Object.fromEntries(empty.map((input) => [input.name, t("form.required")]));
}

/* Put each error at its field, and what has no field above the form. */
function placeErrors(error, form) {
  const errors = {};
  const field = FIELDS_BY_CODE[error.code];
  if (field && form.elements[field]) errors[field] = problemText(error.code, error.detail);
  for (const { pointer, detail } of error.errors) {
    const name = findField(form, pointer, detail);
    if (name) errors[name] ??= problemText(`detail.${detail}`, detail);
  }
  return { errors, error: Object.keys(errors).length ? null : error };
}

/* An entry of a list belongs to the list; an error of several fields names the first one in words. */
function findField(form, pointer, detail) {
  const names = [pointer.replace(/^\//, "").replace(/\/\d+$/, ""), detail.split(" ")[0]];
  return names.find((name) => name && form.elements[name]);
}

/* The service explains itself in English; what it says often has a translation. */
function problemText(key, detail) {
  const message = [key, key.split(". ")[0]].map((name) => `form.${name}`).find(hasMessage);
  if (message) return t(message);
  return detail ? detail[0].toUpperCase() + detail.slice(1) : t("error.refused");
}
