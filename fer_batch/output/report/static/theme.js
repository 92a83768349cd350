"use strict";
/* Light or dark: what the system says, until the reader says otherwise. */
(() => {
  const KEY = "fer-batch-theme";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // a browser may refuse storage to pages from disk
    }
  };
  const apply = () => {
    root.dataset.theme = stored() || (dark.matches ? "dark" : "light");
    const button = document.querySelector("#theme");
    if (button) {
      button.setAttribute("aria-pressed", String(root.dataset.theme === "dark"));
    }
    window.FerBatch?.tell("theme");
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("DOMContentLoaded", () => {
    document.querySelector("#theme").addEventListener("click", () => {
      try {
        localStorage.setItem(KEY, root.dataset.theme === "dark" ? "light" : "dark");
        apply();
      } catch {
        root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
        window.FerBatch?.tell("theme");
      }
    });
    apply();
  });
})();
