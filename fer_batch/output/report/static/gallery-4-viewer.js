"use strict";
/* One photo, enlarged, with what is known of each face. */
FerBatch.ready((data) => {
  const find = (selector) => document.querySelector(selector);
  const viewer = find("#viewer");
  const row = find("#face-row").content.firstElementChild;
  const bar = find("#face-bar").content.firstElementChild;
  let photos = [];
  let place = 0;

  function barOf(face, label, strongest) {
    const made = bar.cloneNode(true);
    const share = data.probability(face, label);
    made.classList.toggle("best", label === strongest);
    made.querySelector(".bar-name").textContent = data.labels[label];
    made.querySelector(".bar-fill").style.width = `${share * 100}%`;
    made.querySelector(".bar-fill").style.background = data.colours[label];
    made.querySelector(".bar-value").textContent = FerBatch.percent(share);
    return made;
  }

  function rowOf(face, number) {
    const made = row.cloneNode(true);
    const strongest = data.strongest(face);
    const box = data.box(face);
    const who = data.person(face) || `Face ${number}`;
    made.querySelector(".face-name").textContent = `${who}: ${data.outcomes[data.named(face)]}`;
    made.querySelector(".face-size").textContent = `${box[2]} × ${box[3]} pixels`;
    made
      .querySelector(".bars")
      .append(...data.labels.map((_, label) => barOf(face, label, strongest)));
    return made;
  }

  function draw() {
    const photo = photos[place];
    const address = data.picture(photo) || data.thumb(photo);
    const image = find("#viewer-image");
    image.hidden = !address;
    if (address) image.src = address;
    else image.removeAttribute("src");
    image.alt = `${data.files[photo]}: ${FerBatch.words(photo)}`;
    find("#viewer-nothing").hidden = Boolean(address);
    find("#viewer-nothing").textContent = FerBatch.words(photo, -1);
    find("#viewer-name").textContent = data.files[photo];
    find("#viewer-place").textContent = `${place + 1} of ${photos.length}`;
    find("#viewer-open").hidden = !address;
    find("#viewer-open").href = address;
    const faces = [];
    for (let face = data.firstFace(photo); face < data.firstFace(photo + 1); face++) {
      faces.push(rowOf(face, faces.length + 1));
    }
    if (!faces.length) {
      const words = document.createElement("p");
      words.className = "muted";
      words.textContent = `${FerBatch.words(photo, -1)}.`;
      faces.push(words);
    }
    find("#viewer-faces").replaceChildren(...faces);
    find("#back").disabled = place === 0;
    find("#on").disabled = place === photos.length - 1;
    if (!viewer.contains(document.activeElement)) viewer.focus();
    history.replaceState(null, "", `#photo=${photo}`);
    // The next one is there before it is asked for.
    const next = place + 1 < photos.length && data.picture(photos[place + 1]);
    if (next) new Image().src = next;
  }

  function turn(step) {
    const to = Math.max(0, Math.min(photos.length - 1, place + step));
    if (to === place) return;
    place = to;
    draw();
  }

  function enlarge(list, at) {
    photos = list;
    place = at;
    draw();
    if (!viewer.open) viewer.showModal();
  }

  find("#back").addEventListener("click", () => turn(-1));
  find("#on").addEventListener("click", () => turn(1));
  find("#close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => {
    if (event.target === viewer) viewer.close(); // the ground beside it
  });
  // On the page: a button that is disabled while it has the focus loses it to there.
  addEventListener("keydown", (event) => {
    if (!viewer.open) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -photos.length, End: photos.length };
    if (!(event.key in step) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    turn(step[event.key]);
  });
  viewer.addEventListener("close", () => {
    history.replaceState(null, "", location.pathname + location.search);
    FerBatch.go(place);
  });

  Object.assign(FerBatch, { enlarge });
});
