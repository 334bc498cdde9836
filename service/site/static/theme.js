/* Applies the scheme chosen by hand before the first paint; a plain script, so that it blocks. */

try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  /* Storage is off: the system's scheme holds. */
}
