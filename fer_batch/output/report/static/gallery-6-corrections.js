"use strict";
/* Corrections of the enlarged photo: which face, and what. */
FerBatch.ready((data) => {
  const find = (selector) => document.querySelector(selector);
  const { edits, corrections } = FerBatch;
  const viewer = find("#viewer");
  const made = find("#edit-all");
  const home = made.parentElement;
  let photo = -1; // the one that is enlarged
  let chosen = -1; // a face of it
  let known = edits.everyone();
  let offered = ""; // whom the list of others holds

  const file = () => data.files[photo];
  const now = () => (chosen < 0 ? null : edits.face(photo, chosen));
  const one = () => Boolean(now() && !now().out);
  const person = () => (one() ? (known.get(now().person) ?? null) : null);
  const ofFace = (what, more = {}) => [{ do: what, person: data.id(chosen), photo: file(), ...more }];
  const name = () => find("#edit-name")?.value.trim() ?? "";

  /* What each button needs, and the corrections that it stands for. */
  const ACTS = {
    label: { ready: one, edits: () => ofFace("label", { value: find("#edit-label").value }) },
    hide: { ready: one, edits: () => ofFace("hide") },
    ignore: {
      ready: () => photo >= 0 && /ok|no_face/.test(data.status(photo)) && !edits.ignored(photo),
      edits: () => [{ do: "ignore", photo: file() }],
    },
    split: { ready: () => Boolean(person()), edits: () => ofFace("split") },
    name: {
      ready: () => Boolean(person()) && name() !== "" && name() !== person().name,
      edits: () => [{ do: "name", person: person().id, value: name() }],
    },
    merge: {
      ready: () => Boolean(person()) && known.has(Number(find("#edit-other").value)),
      edits: () => {
        const both = [person(), known.get(Number(find("#edit-other").value))];
        const kept = edits.kept(both);
        const gone = both.find((each) => each !== kept);
        return [{ do: "merge", person: gone.id, value: String(kept.id) }];
      },
    },
    everywhere: {
      ready: () => Boolean(person()),
      edits: () => [{ do: "hide", person: person().id }],
    },
  };

  const faces = () => Array.from({ length: data.faces(photo) }, (_, at) => data.firstFace(photo) + at);

  /** What a face is called and shows, once all is drawn. */
  function said(face) {
    const { person: id, label, out } = edits.face(photo, face);
    const who = known.get(id)?.name || `Face ${data.id(face)}`;
    return { who, out, text: `${who}: ${out ? "left out" : label || data.outcomes[data.named(face)]}` };
  }

  function showFaces() {
    for (const part of viewer.querySelectorAll("[data-face]")) {
      const face = Number(part.dataset.face);
      const { text, out } = said(face);
      const button = part.matches("button") ? part : part.querySelector(".face-choose");
      if (button === part) {
        part.setAttribute("aria-label", text);
        part.title = text;
      } else {
        part.querySelector(".face-name").textContent = text;
      }
      part.classList.toggle("out", out);
      button.disabled = out;
      button.setAttribute("aria-pressed", String(face === chosen));
    }
  }

  /** Offer everyone who is not in the photo: who stand beside each other are not one. */
  function showOthers() {
    const list = find("#edit-other");
    if (!list) return;
    const here = new Set(faces().map((face) => edits.face(photo, face)).filter(({ out }) => !out).map((face) => face.person));
    const others = person() ? [...known.values()].filter(({ id }) => !here.has(id)) : [];
    const key = JSON.stringify(others);
    if (offered === key) return;
    offered = key;
    const before = list.value;
    list.replaceChildren(new Option("Choose a person", ""), ...others.map(({ id, name: called }) => new Option(called, id)));
    list.value = others.some(({ id }) => String(id) === before) ? before : "";
  }

  function show() {
    known = edits.people();
    if (photo < 0) return;
    const focused = document.activeElement;
    if (chosen >= 0 && !one()) chosen = -1;
    showFaces();
    showOthers();
    find("#edit-whom").textContent = one() ? said(chosen).who : "";
    find("#edit-choose").hidden = one() || !data.faces(photo);
    find("#edit-face").hidden = !one();
    if (find("#edit-person")) find("#edit-person").hidden = !person();
    find("#edit-ignored").hidden = !edits.ignored(photo);
    corrections.showActs();
    // What was pressed may have gone: the keyboard goes on at what takes it back.
    if (viewer.contains(focused) && (focused.disabled || !focused.checkVisibility())) {
      const next = find("#edit-undo");
      (next.disabled ? viewer : next).focus();
    }
  }

  function choose(face) {
    chosen = face === chosen ? -1 : face;
    if (one()) {
      find("#edit-label").value = now().label || data.labels[data.strongest(chosen)];
      if (find("#edit-name")) find("#edit-name").value = "";
    }
    show();
  }

  viewer.addEventListener("click", (event) => {
    const button = event.target.closest(".face-choose, .face-box");
    if (button) choose(Number(button.closest("[data-face]").dataset.face));
  });
  viewer.addEventListener("photo", (event) => {
    photo = event.detail;
    chosen = -1;
    find("#viewer-made").append(made); // one list, where the reader is
    show();
  });
  viewer.addEventListener("faces", show);
  viewer.addEventListener("close", () => {
    photo = -1;
    chosen = -1;
    home.append(made);
  });
  for (const selector of ["#edit-name", "#edit-other"]) {
    find(selector)?.addEventListener("input", corrections.showActs);
  }
  find("#edit-name")?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && ACTS.name.ready()) corrections.add(ACTS.name.edits());
  });
  corrections.start({
    acts: ACTS,
    show,
    added: () => {
      if (find("#edit-name")) find("#edit-name").value = "";
    },
  });
});
