"use strict";
/* One photo, enlarged, with what is known of each face; gallery-5-corrections.js corrects it. */
FerBatch.ready((data) => {
  const find = (selector) => document.querySelector(selector);
  const viewer = find("#viewer");
  const row = find("#face-row").content.firstElementChild;
  const bar = find("#face-bar").content.firstElementChild;
  const box = find("#face-box").content.firstElementChild;
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

  function rowOf(face) {
    const made = row.cloneNode(true);
    const strongest = data.strongest(face);
    const [, , width, height] = data.box(face);
    const who = data.person(face) || `Face ${data.id(face)}`;
    made.dataset.face = face;
    made.querySelector(".face-name").textContent = `${who}: ${data.outcomes[data.named(face)]}`;
    made.querySelector(".face-size").textContent = `${width} × ${height} pixels`;
    made
      .querySelector(".bars")
      .append(...data.labels.map((_, label) => barOf(face, label, strongest)));
    return made;
  }

  /** How many pixels of a photo one of its picture, of that size, stands for; 0: not known. */
  function scaleOf(photo, width, height) {
    // Where nobody has written it down: what was shrunk is larger than this.
    const own = width * height <= 1 << 22 && Math.max(width, height) <= 8192;
    return data.scale(photo) || (own ? 1 : 0);
  }

  /** Put a button on each face, once it is known how large the picture is. */
  function showBoxes() {
    const image = find("#viewer-image");
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    const photo = photos[place];
    const there = !image.hidden && image.complete && width > 0;
    const whole = there && image.getAttribute("src") === data.picture(photo);
    const boxes = find("#viewer-boxes");
    boxes.style.setProperty("--ratio", whole ? width / height : 1);
    const scale = whole ? scaleOf(photo, width, height) : 0; // a thumbnail has any size
    const faces = scale ? data.faces(photo) : 0;
    boxes.replaceChildren(
      ...Array.from({ length: faces }, (_, at) => {
        const face = data.firstFace(photo) + at;
        const made = box.cloneNode(true);
        const [x, y, w, h] = Array.from(data.box(face), (side) => side / scale);
        made.dataset.face = face;
        made.style.left = `${(100 * x) / width}%`;
        made.style.top = `${(100 * y) / height}%`;
        made.style.width = `${(100 * w) / width}%`;
        made.style.height = `${(100 * h) / height}%`;
        return made;
      }),
    );
    viewer.dispatchEvent(new CustomEvent("faces"));
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
      faces.push(rowOf(face));
    }
    if (!faces.length) {
      const words = document.createElement("p");
      words.className = "muted";
      words.textContent = `${FerBatch.words(photo, -1)}.`;
      faces.push(words);
    }
    find("#viewer-faces").replaceChildren(...faces);
    viewer.dispatchEvent(new CustomEvent("photo", { detail: photo }));
    showBoxes(); // else when the picture has come
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
    if (viewer.open) return;
    viewer.showModal();
    viewer.focus(); // from here the faces come first
  }

  find("#viewer-image").addEventListener("load", showBoxes);
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
    if (/INPUT|SELECT/.test(event.target.tagName)) return; // there they go from letter to letter
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
