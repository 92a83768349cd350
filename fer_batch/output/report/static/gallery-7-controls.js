"use strict";
/* The fields above the photos. */
FerBatch.ready((data) => {
  const find = (selector) => document.querySelector(selector);
  const digits = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u2009");
  let list = [];

  function update() {
    list = FerBatch.chosen();
    const all = `${digits(data.photos)} ${data.photos === 1 ? "photo" : "photos"}`;
    find("#count").textContent =
      list.length === data.photos ? all : `${digits(list.length)} of ${all}`;
    find("#nothing").hidden = list.length > 0;
    find("#grid").hidden = list.length === 0;
    FerBatch.show(list);
    // Another list is read from its beginning.
    const above = find("#grid").getBoundingClientRect().top;
    const bar = find("#tools");
    const covered = getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
    if (above < covered) scrollBy(0, above - covered - 40);
  }

  for (const selector of ["#find", "#show", "#emotion"]) {
    find(selector).addEventListener("input", update);
  }
  find("#sort").addEventListener("input", () => {
    // By probability the highest come first, as one would expect.
    const down = /^p:|faces|size|sure/.test(find("#sort").value);
    find("#order").setAttribute("aria-pressed", String(down));
    update();
  });
  find("#tools").addEventListener("submit", (event) => event.preventDefault());
  find("#order").addEventListener("click", (event) => {
    const button = event.currentTarget;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    update();
  });
  find("#clear").addEventListener("click", () => {
    find("#tools").reset();
    find("#order").setAttribute("aria-pressed", "false");
    update();
    find("#find").focus();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || /INPUT|SELECT/.test(document.activeElement.tagName)) return;
    if (find("#viewer").open) return;
    event.preventDefault();
    find("#find").focus();
  });

  update();
  const wanted = /^#photo=(\d+)$/.exec(location.hash);
  if (wanted && Number(wanted[1]) < data.photos) {
    const at = list.indexOf(Number(wanted[1]));
    FerBatch.enlarge(at < 0 ? [Number(wanted[1])] : list, Math.max(0, at));
  }
  document.documentElement.dataset.ready = "";
});
