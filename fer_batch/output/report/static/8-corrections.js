"use strict";
/* Corrections of a film by mouse: whom and when, and what. */
(() => {
  const app = window.FerBatch;
  const find = (selector) => document.querySelector(selector);
  const state = { chosen: new Set(), start: null, end: null };

  const chosen = () => [...state.chosen].sort((a, b) => a - b);
  const spanned = () => state.start !== null || state.end !== null;
  const span = () => ({ start: state.start, end: state.end });

  /* What each button needs, and the corrections that it stands for. */
  const ACTS = {
    merge: {
      ready: () => state.chosen.size >= 2,
      edits: () => {
        const people = app.edits.people();
        const all = chosen();
        // Whoever has a name keeps it; else the smallest number stays.
        const kept = all.find((id) => !/^Person \d+$/.test(people.get(id)?.name || "")) ?? all[0];
        return all
          .filter((id) => id !== kept)
          .map((id) => ({ do: "merge", person: id, value: String(kept) }));
      },
    },
    split: {
      ready: () => state.chosen.size === 1 && app.player.now() > 0,
      edits: () => [{ do: "split", person: chosen()[0], start: app.data.times[app.state.frame] }],
    },
    main: {
      ready: () => state.chosen.size === 1,
      edits: () => [{ do: "main", person: chosen()[0] }],
    },
    hide: {
      ready: () => state.chosen.size >= 1,
      edits: () => chosen().map((id) => ({ do: "hide", person: id, ...span() })),
    },
    ignore: {
      ready: () => state.start !== null && state.end !== null,
      edits: () => (state.chosen.size ? chosen() : [0]).map((id) => ({ do: "ignore", person: id, ...span() })),
    },
    label: {
      ready: () => state.chosen.size >= 1,
      edits: () =>
        chosen().map((id) => ({ do: "label", person: id, value: find("#edit-label").value, ...span() })),
    },
    name: {
      ready: () => state.chosen.size === 1 && find("#edit-name").value.trim() !== "",
      edits: () => [{ do: "name", person: chosen()[0], value: find("#edit-name").value.trim() }],
    },
  };

  function chip(person) {
    const part = find("#edit-chip").content.cloneNode(true).firstElementChild;
    const face = app.data.people.find((each) => each.id === person.id)?.face;
    if (face) part.querySelector("img").src = face;
    else part.querySelector("img").remove();
    part.querySelector(".chip-name").textContent = person.name + (person.main ? ", main person" : "");
    part.dataset.person = person.id;
    part.addEventListener("click", () => {
      if (!state.chosen.delete(person.id)) state.chosen.add(person.id);
      show();
    });
    return part;
  }

  function showPeople() {
    const people = [...app.edits.people().values()].filter((person) => person.shown);
    const list = find("#edit-people");
    const key = JSON.stringify(people);
    if (list.dataset.key !== key) {
      const focused = document.activeElement?.dataset?.person;
      list.dataset.key = key;
      list.replaceChildren(...people.map(chip));
      if (focused) list.querySelector(`[data-person="${focused}"]`)?.focus();
    }
    const there = new Set(people.map((person) => person.id));
    for (const id of state.chosen) if (!there.has(id)) state.chosen.delete(id);
    for (const part of list.children) {
      part.setAttribute("aria-pressed", String(state.chosen.has(Number(part.dataset.person))));
    }
  }

  function showWhen() {
    find("#edit-start").textContent = state.start === null ? "the beginning" : app.clock(state.start);
    find("#edit-end").textContent = state.end === null ? "the end" : app.clock(state.end);
    find("#edit-whole").disabled = !spanned();
    for (const part of find("#edit-people").children) {
      const person = app.data.people.find((each) => each.id === Number(part.dataset.person));
      const here = Boolean(person && app.valuesAt(person, app.state.frame));
      part.classList.toggle("here", here);
      part.title = here ? "In the frame shown" : "";
    }
    find("#edit-split-at").textContent = app.clock(app.data.times[app.state.frame]);
    app.corrections.showActs();
  }

  function show() {
    showPeople();
    showWhen();
  }

  function added() {
    state.chosen.clear();
    find("#edit-name").value = "";
  }

  app.startCorrections = () => {
    if (!find("#corrections") || !app.data.ids) return;
    find("#edit-from").addEventListener("click", () => {
      state.start = app.data.times[app.state.frame];
      if (state.end !== null && state.end <= state.start) state.end = null;
      showWhen();
    });
    find("#edit-to").addEventListener("click", () => {
      state.end = app.endOf(app.state.frame);
      if (state.start !== null && state.start >= state.end) state.start = null;
      showWhen();
    });
    find("#edit-whole").addEventListener("click", () => {
      state.start = null;
      state.end = null;
      showWhen();
    });
    find("#edit-name").addEventListener("input", showWhen);
    find("#edit-name").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && ACTS.name.ready()) app.corrections.add(ACTS.name.edits());
    });
    const panel = find("#corrections");
    panel.addEventListener("toggle", showWhen);
    app.on("frame", app.coalesce(() => panel.open && showWhen()));
    app.corrections.start({ acts: ACTS, show, added });
  };
})();
