"use strict";
/* Finds and sorts people. */
addEventListener("DOMContentLoaded", () => {
  const find = (selector) => document.querySelector(selector);
  const gallery = find("#gallery");
  const people = [...gallery.children];
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const compare = {
    place: (a, b) => a.place - b.place,
    name: (a, b) => names.compare(a.name, b.name),
    inputs: (a, b) => b.inputs - a.inputs,
  };

  function update() {
    const wanted = find("#find").value.trim().toLowerCase();
    const order = compare[find("#sort").value];
    let shown = 0;
    for (const one of people) {
      one.hidden = !one.dataset.text.includes(wanted);
      shown += !one.hidden;
    }
    people.sort((a, b) => order(a.dataset, b.dataset) || a.dataset.place - b.dataset.place);
    gallery.append(...people);
    const all = people.length;
    find("#count").textContent =
      shown === all ? `${all} ${all === 1 ? "person" : "people"}` : `${shown} of ${all} people`;
    find("#nothing").hidden = shown > 0;
  }

  find("#find").addEventListener("input", update);
  find("#sort").addEventListener("input", update);
  find("#tools").addEventListener("submit", (event) => event.preventDefault());
  find("#clear").addEventListener("click", () => {
    find("#tools").reset();
    update();
    find("#find").focus();
  });
  update(); // a browser that goes back restores what the fields held
});
