"use strict";
/*
 * The list of corrections with undo and redo. Where `fer-batch review` serves the page they are
 * saved at once and drawn when asked for; else the file is downloaded.
 */
(() => {
  const app = window.FerBatch;
  const find = (selector) => document.querySelector(selector);
  const server = find("meta[name=fer-batch-review]")?.content || "";
  const name = () => decodeURIComponent(location.pathname).split("/").slice(1, -1).join("/");
  let page = null; // what the page does itself: see `start`
  let drawing = false;
  let before = Promise.resolve();

  /** What is pressed while something is being saved is done after that, not lost. */
  const inTurn =
    (work) =>
    (...given) => {
      const next = () => work(...given);
      before = before.then(next, next);
      return before;
    };

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
    if (server) {
      const said = await ask("/-/edits", { before: app.edits.lines, lines });
      if (said.error) {
        tell(said.error, true);
        show();
        return false;
      }
      app.edits.lines = said.lines;
    } else {
      app.edits.lines = lines;
    }
    tell(server ? "Saved beside the result." : "");
    show();
    return true;
  }

  const add = inTurn(async (edits) => {
    if (await put(app.edits.with(edits))) {
      app.edits.undone = [];
      page.added();
      show();
    }
  });

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
    find("#edit-draw").disabled = !waiting || drawing;
    find("#edit-save").hidden = Boolean(server);
    find("#edit-save").disabled = !waiting;
    find("#edit-undo").disabled = app.edits.withoutLast() === null;
    find("#edit-redo").disabled = app.edits.undone.length === 0;
  }

  const acts = () => Object.entries(page.acts).map(([act, what]) => [find(`[data-act="${act}"]`), what]);

  /** Which buttons can be pressed now. */
  function showActs() {
    for (const [button, { ready }] of acts()) if (button) button.disabled = drawing || !ready();
  }

  function show() {
    showList();
    page.show();
    showActs();
  }

  const undo = inTurn(async () => {
    const last = app.edits.withoutLast();
    if (last && (await put(last.lines))) {
      app.edits.undone.push(last);
      show();
    }
  });

  const redo = inTurn(async () => {
    const last = app.edits.undone.at(-1);
    if (!last) return;
    // With its last correction the file goes, header and all.
    const lines = app.edits.lines.length ? app.edits.lines : [last.header];
    if (await put([...lines, last.gone])) {
      app.edits.undone.pop();
      show();
    }
  });

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
    drawing = at === "drawing";
    const bar = find("#edit-progress");
    bar.hidden = !drawing;
    if (drawing) {
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
      drawing = false;
      tell(said.error, true);
      show();
      return;
    }
    progress(said.drawing);
    if (said.drawing.state === "drawing") setTimeout(follow, 300);
    else if (said.drawing.state === "done" && said.drawing.name === name()) location.reload();
  }

  const draw = inTurn(async () => {
    const said = await ask("/-/draw", {});
    if (said.error) {
      tell(said.error, true);
      return;
    }
    progress(said.drawing);
    follow();
  });

  app.corrections = {
    add,
    showActs,

    /**
     * `mine.acts`: by the name of each button when it can be pressed (`ready`) and the corrections
     * that it stands for (`edits`). `mine.show`: shows the rest anew. `mine.added`: some were made.
     */
    start(mine) {
      page = mine;
      app.edits.lines = app.data.edits;
      for (const [button, { edits }] of acts()) button?.addEventListener("click", () => add(edits()));
      find("#edit-undo").addEventListener("click", undo);
      find("#edit-redo").addEventListener("click", redo);
      find("#edit-save").addEventListener("click", save);
      find("#edit-draw").addEventListener("click", draw);
      show();
      if (!server) return;
      find("#corrections").open = true;
      ask(`/-/state?name=${encodeURIComponent(name())}`).then((said) => {
        if (said.error) {
          tell(said.error, true);
          return;
        }
        app.edits.lines = said.lines;
        if (said.drawing.state === "drawing") follow();
        show();
      });
    },
  };
})();
