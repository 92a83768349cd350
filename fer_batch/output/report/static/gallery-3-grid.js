"use strict";
/* Cards for the photos that are in sight, and no others: a page of ten thousand stays light. */
FerBatch.ready((data) => {
  const GAP = 14;
  const NARROWEST = 168;
  const BELOW = 62; // the lines under a picture
  const END = 12; // letters of a name that are always shown
  const SPARE = 3; // rows beyond what is in sight
  const grid = document.querySelector("#grid");
  const template = document.querySelector("#photo-card").content.firstElementChild;
  const cards = new Map(); // place in the list → card
  let photos = [];
  let columns = 1;
  let width = NARROWEST;
  let current = 0; // place of the card that the keyboard is at

  const rowHeight = () => width + BELOW + GAP;

  function measure() {
    const room = grid.clientWidth || 320;
    columns = Math.max(2, Math.floor((room + GAP) / (NARROWEST + GAP)));
    width = (room - GAP * (columns - 1)) / columns;
    const rows = Math.ceil(photos.length / columns);
    grid.style.height = `${Math.max(0, rows * rowHeight() - GAP)}px`;
  }

  function fill(card, place) {
    const photo = photos[place];
    const button = card.firstElementChild;
    const picture = card.querySelector("img");
    const address = data.thumb(photo);
    const face = FerBatch.told(photo);
    const said = FerBatch.words(photo, face);
    const more = data.faces(photo);
    card.setAttribute("aria-setsize", photos.length);
    card.setAttribute("aria-posinset", place + 1);
    picture.hidden = !address;
    if (address) picture.src = address;
    card.querySelector(".photo-nothing").hidden = Boolean(address);
    card.querySelector(".photo-words").textContent = said;
    const swatch = card.querySelector(".swatch rect");
    swatch.parentElement.classList.toggle("off", face < 0);
    if (face >= 0) swatch.setAttribute("fill", data.colours[data.named(face)]);
    card.querySelector(".photo-more").hidden = more < 2;
    card.querySelector(".photo-more").textContent = `${more} faces`;
    // What does not fit is left out before the end, by which names differ (IMG_0412.jpg).
    const letters = Array.from(data.files[photo]);
    const [begin, end] = card.querySelector(".photo-name").children;
    begin.textContent = letters.slice(0, -END).join("");
    end.textContent = letters.slice(-END).join("");
    button.title = data.files[photo];
    const faces = more > 1 ? `, ${more} faces` : "";
    button.setAttribute("aria-label", `${data.files[photo]}: ${said}${faces}`);
    button.tabIndex = place === current ? 0 : -1;
  }

  function put(card, place) {
    const x = (place % columns) * (width + GAP);
    const y = Math.floor(place / columns) * rowHeight();
    card.style.transform = `translate(${x}px, ${y}px)`;
    card.style.width = `${width}px`;
    card.style.setProperty("--side", `${width}px`);
  }

  /** Make the cards that have come into sight, take away those that have left it. */
  function draw() {
    const top = grid.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor(-top / rowHeight()) - SPARE) * columns;
    const rows = Math.ceil(innerHeight / rowHeight()) + 2 * SPARE + 1;
    const to = Math.min(photos.length, from + rows * columns);
    for (const [place, card] of cards) {
      if ((place < from || place >= to) && !card.contains(document.activeElement)) {
        card.remove();
        cards.delete(place);
      }
    }
    for (let place = from; place < to; place++) {
      if (!cards.has(place)) {
        const card = template.cloneNode(true);
        card.dataset.place = place;
        fill(card, place);
        cards.set(place, card);
        // In the order of the list, for those who hear it read.
        const next = [...grid.children].find((other) => Number(other.dataset.place) > place);
        grid.insertBefore(card, next || null);
      }
      put(cards.get(place), place);
    }
  }

  let asked = false;
  function later() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  }

  /** Show another list. */
  function show(list) {
    photos = list;
    current = 0;
    for (const card of cards.values()) card.remove();
    cards.clear();
    measure();
    draw();
  }

  /** Go to a place of the list, and there with the keyboard. */
  function go(place, focus = true) {
    current = Math.max(0, Math.min(photos.length - 1, place));
    const top = grid.getBoundingClientRect().top + scrollY;
    const y = top + Math.floor(current / columns) * rowHeight();
    if (y < scrollY + 8) scrollTo({ top: y - 8 });
    else if (y + rowHeight() > scrollY + innerHeight) scrollTo({ top: y + rowHeight() - innerHeight + 8 });
    draw();
    for (const [at, card] of cards) card.firstElementChild.tabIndex = at === current ? 0 : -1;
    if (focus) cards.get(current)?.firstElementChild.focus({ preventScroll: true });
  }

  const steps = () => ({
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * Math.max(1, Math.floor(innerHeight / rowHeight())),
    PageDown: columns * Math.max(1, Math.floor(innerHeight / rowHeight())),
    Home: -photos.length,
    End: photos.length,
  });

  grid.addEventListener("keydown", (event) => {
    const step = steps()[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const to = current + step;
    const vertical = Math.abs(step) === columns && /Up|Down/.test(event.key);
    if (!vertical || (to >= 0 && to < photos.length) || event.key.startsWith("Page")) go(to);
  });
  grid.addEventListener("click", (event) => {
    const card = event.target.closest("li");
    if (!card) return;
    go(Number(card.dataset.place));
    FerBatch.enlarge(photos, current);
  });
  addEventListener("scroll", later, { passive: true });
  new ResizeObserver(() => {
    measure();
    later();
  }).observe(grid.parentElement);

  Object.assign(FerBatch, { show, go });
});
