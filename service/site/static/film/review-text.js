/* The text of a review, drawn from the HTML that the service made of its Markdown.

   The service has sanitized it. Still none of it becomes markup of the page: a parser that runs nothing
   and loads nothing reads it, and only the elements and attributes below are made anew. */

import { html, useMemo } from "../lib.js";

const PARTS = new Set(["blockquote", "br", "code", "del", "em", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"]);
const HEADING = /^h[1-6]$/; // shown as paragraphs: the headings of the page are its own
const OWN_PICTURE = /^\/api\/v1\/posters\/[0-9a-f]{64}\/w\d{3}\.jpg$/;
const VOID = new Set(["br", "hr"]);

/** Show the HTML of a review. */
export function ReviewText({ source }) {
  const elements = useMemo(() => {
    const { body } = new DOMParser().parseFromString(source, "text/html");
    return [...body.childNodes].map(toElement);
  }, [source]);
  return html`<div class="review-text" dir="auto">${elements}</div>`;
}

function toElement(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE) return null;
  const name = node.localName;
  if (VOID.has(name)) return html`<${name} />`;
  const children = [...node.childNodes].map(toElement);
  if (HEADING.test(name)) return html`<p class="review-heading">${children}</p>`;
  if (name === "a") return toLink(node, children);
  if (name === "img") return toPicture(node);
  return PARTS.has(name) ? html`<${name}>${children}<//>` : children;
}

function toLink(node, children) {
  const address = node.getAttribute("href") ?? "";
  if (!/^https?:\/\//i.test(address)) return children;
  return html`<a href=${address} rel="nofollow noopener noreferrer ugc external">${children}</a>`;
}

function toPicture(node) {
  const source = node.getAttribute("src") ?? "";
  const text = node.getAttribute("alt") ?? "";
  return OWN_PICTURE.test(source) ? html`<img src=${source} alt=${text} loading="lazy" />` : text;
}
