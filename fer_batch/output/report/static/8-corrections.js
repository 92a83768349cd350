"use strict";
/*
 * Corrections by mouse: whom and when, what, and the list of all with undo. Where `fer-batch review`
 * serves the page they are saved at once and drawn when asked for; else the file is downloaded.
 */
(() => {
  const app = window.FerBatch;
  const find = (selector) => document.querySelector(selector);
  const server = document.querySelector("meta[name=fer-batch-review]")?.content || "";
  const state = { chosen: new Set(), start: null, end: null, busy: false };
  const name = () => decodeURIComponent(location.pathname).split("/").slice(1, -1).join("/");

  function tell(text, wrong = false) {
    const place = find("#edit-said");
    place.textContent = text;
    place.classList.toggle("wrong", wrong);
  }

  async function ask(path, body) {
    const options = body && {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Fer-Batch-Review": server },
      body: JSON.stringify({ name: name(), ...body }),
    };
    try {
      const answer = await fetch(path, options || {});
      const text = await answer.text();
      const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
      const data = isJson ? JSON.parse(text) : { error: text };
      return answer.ok ? data : { error: data.error || "the server refused" };
    } catch {
      return { error: "fer-batch review no longer answers; start it again" };
    }
  }

  /** Take `lines` for the corrections, saved where there is a server; false where it refused. */
  async function put(lines) {
    if (state.busy) return false;
    state.busy = true;
    try {
      if (server) {
        const said = await ask("/-/edits", { before: app.edits.lines, lines });
        if (said.error) {
          tell(said.error, true);
          return false;
        }
        app.edits.lines = said.lines;
      } else {
        app.edits.lines = lines;
      }
      tell(server ? "Saved in edits.csv." : "");
      return true;
    } finally {
      state.busy = false;
      show();
    }
  }

  async function add(edits) {
    if (await put(app.edits.with(edits))) {
      app.edits.undone = [];
      state.chosen.clear();
      find("#edit-name").value = "";
      show();
    }
  }

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

  function showList() {
    const entries = app.edits.list();
    const items = entries.map(({ text, drawn }) => {
      const item = document.createElement("li");
      item.textContent = text;
      item.classList.toggle("drawn", drawn);
      return item;
    });
    find("#edit-list").replaceChildren(...items);
    find("#edit-none").hidden = entries.length > 0;
    const { edits, takenBack } = app.edits.pending();
    const waiting = edits.length > 0 || takenBack;
    find("#edit-waiting").hidden = !waiting;
    find("#edit-draw").hidden = !server;
    find("#edit-draw").disabled = !waiting || state.drawing;
    find("#edit-save").hidden = Boolean(server);
    find("#edit-save").disabled = !waiting;
    find("#edit-undo").disabled = app.edits.withoutLast() === null;
    find("#edit-redo").disabled = app.edits.undone.length === 0;
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
    for (const [act, { ready }] of Object.entries(ACTS)) {
      find(`[data-act="${act}"]`).disabled = !ready() || Boolean(state.drawing);
    }
  }

  function show() {
    showPeople();
    showList();
    showWhen();
  }

  async function undo() {
    const last = app.edits.withoutLast();
    if (last && (await put(last.lines))) {
      app.edits.undone.push(last.gone);
      show();
    }
  }

  async function redo() {
    const line = app.edits.undone.at(-1);
    if (line !== undefined && (await put([...app.edits.lines, line]))) {
      app.edits.undone.pop();
      show();
    }
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(
      new Blob([app.edits.lines.map((line) => `${line}\n`).join("")], { type: "text/csv" }),
    );
    link.download = "edits.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    tell("Put edits.csv beside this page, then run: fer-batch render with this folder.");
  }

  const STAGES = { probe: "Looking at the input", analyze: "Reading numbers", render: "Drawing", finish: "Writing tables and pages" };

  function progress({ state: at, stage, frames, done, error, name: whose }) {
    state.drawing = at === "drawing";
    const bar = find("#edit-progress");
    bar.hidden = !state.drawing;
    if (state.drawing) {
      bar.max = frames || 1;
      if (frames) bar.value = Math.min(done, frames);
      else bar.removeAttribute("value");
      tell(`${STAGES[stage] || "Beginning"} …${whose === name() ? "" : ` (${whose})`}`);
    } else if (at === "failed") {
      tell(error, true);
    }
    show();
  }

  async function follow() {
    const said = await ask(`/-/state?name=${encodeURIComponent(name())}`);
    if (said.error) {
      state.drawing = false;
      tell(said.error, true);
      show();
      return;
    }
    progress(said.drawing);
    if (said.drawing.state === "drawing") setTimeout(follow, 300);
    else if (said.drawing.state === "done" && said.drawing.name === name()) location.reload();
  }

  async function draw() {
    const said = await ask("/-/draw", {});
    if (said.error) {
      tell(said.error, true);
      return;
    }
    progress(said.drawing);
    follow();
  }

  app.startCorrections = () => {
    if (!find("#corrections") || !app.data.ids) return;
    app.edits.lines = app.data.edits;
    for (const [act, { edits }] of Object.entries(ACTS)) {
      find(`[data-act="${act}"]`).addEventListener("click", () => add(edits()));
    }
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
      if (event.key === "Enter" && ACTS.name.ready()) add(ACTS.name.edits());
    });
    find("#edit-undo").addEventListener("click", undo);
    find("#edit-redo").addEventListener("click", redo);
    find("#edit-save").addEventListener("click", save);
    find("#edit-draw").addEventListener("click", draw);
    const panel = find("#corrections");
    panel.addEventListener("toggle", showWhen);
    app.on("frame", app.coalesce(() => panel.open && showWhen()));
    show();
    if (!server) return;
    panel.open = true;
    ask(`/-/state?name=${encodeURIComponent(name())}`).then((said) => {
      if (said.error) {
        tell(said.error, true);
        return;
      }
      app.edits.lines = said.lines;
      if (said.drawing.state === "drawing") follow();
      show();
    });
  };
})();
