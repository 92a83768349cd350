"use strict";
/* Light or dark: what the system says, until the reader says otherwise. Paper is light. */
(() => {
  const KEY = "fer-batch-theme";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let onPaper = false;
  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // a browser may refuse storage to pages from disk
    }
  };
  const apply = () => {
    root.dataset.theme = onPaper ? "light" : stored() || (dark.matches ? "dark" : "light");
    const button = document.querySelector("#theme");
    if (button) {
      button.setAttribute("aria-pressed", String(root.dataset.theme === "dark"));
    }
    window.FerBatch?.tell("theme");
  };
  apply();
  dark.addEventListener("change", apply);
  for (const event of ["beforeprint", "afterprint"]) {
    addEventListener(event, () => {
      onPaper = event === "beforeprint";
      apply();
    });
  }
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
