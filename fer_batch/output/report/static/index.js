"use strict";
/* Sorts and filters the gallery, and plays the preview of the card under the pointer. */
addEventListener("DOMContentLoaded", () => {
  const find = (selector) => document.querySelector(selector);
  const gallery = find("#gallery");
  const items = [...gallery.children];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const TROUBLE = { ok: 0, warning: 1, error: 2 };

  const compare = {
    place: (a, b) => a.place - b.place,
    name: (a, b) => names.compare(a.name, b.name),
    duration: (a, b) => a.duration - b.duration,
    people: (a, b) => a.people - b.people,
    coverage: (a, b) => a.coverage - b.coverage,
    emotion: (a, b) => names.compare(a.emotion, b.emotion),
    state: (a, b) => TROUBLE[a.state] - TROUBLE[b.state],
  };

  function update() {
    const wanted = find("#find").value.trim().toLowerCase();
    const state = find("#state").value;
    const emotion = find("#emotion").value;
    const down = find("#order").getAttribute("aria-pressed") === "true";
    const order = compare[find("#sort").value];
    let shown = 0;
    for (const item of items) {
      const { dataset } = item;
      const kept =
        dataset.text.includes(wanted) &&
        (!state || dataset.state === state) &&
        (!emotion || dataset.emotion === emotion);
      item.hidden = !kept;
      shown += kept;
    }
    items.sort((a, b) => {
      const by = order(a.dataset, b.dataset);
      return (down ? -by : by) || a.dataset.place - b.dataset.place;
    });
    gallery.append(...items);
    const all = items.length;
    find("#count").textContent =
      shown === all ? `${all} ${all === 1 ? "result" : "results"}` : `${shown} of ${all} results`;
    find("#nothing").hidden = shown > 0;
  }

  for (const selector of ["#find", "#state", "#emotion", "#sort"]) {
    find(selector).addEventListener("input", update);
  }
  find("#tools").addEventListener("submit", (event) => event.preventDefault());
  find("#order").addEventListener("click", (event) => {
    const button = event.currentTarget;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    update();
  });
  find("#clear").addEventListener("click", () => {
    find("#tools").reset();
    update();
    find("#find").focus();
  });

  for (const item of items) {
    const picture = item.querySelector("img[data-gif]");
    if (!picture) continue;
    const play = () => {
      if (!calm.matches) picture.src = picture.dataset.gif;
    };
    const stop = () => {
      if (picture.getAttribute("src") !== picture.dataset.still) {
        picture.src = picture.dataset.still;
      }
    };
    item.addEventListener("pointerenter", play);
    item.addEventListener("pointerleave", stop);
    item.addEventListener("focusin", play);
    item.addEventListener("focusout", stop);
  }
  update(); // a browser that goes back restores what the fields held
});
