"use strict";
/* The photos as typed arrays, from what data.js hands over; see gallery.py for the other side. */
window.FerBatch = (() => {
  const STATUS = ["ok", "no_face", "skipped", "decode_error"];

  function bytes(text) {
    const raw = atob(text);
    const found = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
    return found;
  }

  const bit = (flags, i) => ((flags[i >> 3] >> (i & 7)) & 1) === 1;

  /** Each part of a path escaped, the slashes kept. */
  const address = (path) => path.split("/").map(encodeURIComponent).join("/");

  function usual(file) {
    const slash = file.lastIndexOf("/") + 1;
    const name = file.slice(slash);
    const dot = name.lastIndexOf(".");
    return `annotated/${file.slice(0, slash)}${dot > 0 ? name.slice(0, dot) : name}.jpg`;
  }

  function decode(given) {
    const photos = given.files.length;
    const counts = new Uint16Array(bytes(given.faces).buffer);
    const first = new Uint32Array(photos + 1);
    for (let i = 0; i < photos; i++) first[i + 1] = first[i] + counts[i];
    const status = bytes(given.status);
    const thumbs = bytes(given.thumbs);
    const images = bytes(given.images);
    const boxes = new Int32Array(bytes(given.boxes).buffer);
    const quantised = bytes(given.probabilities);
    const strongest = bytes(given.strongest);
    const unsure = bytes(given.unsure);
    const labels = given.labels.length;
    const persons = given.persons ? new Int32Array(bytes(given.persons).buffer) : null;
    const ids = new Uint16Array(bytes(given.ids).buffer);
    return {
      labels: given.labels,
      /** What a face may be called: the labels and, with a threshold, "unsure" behind them. */
      outcomes: given.outcomes,
      colours: given.colours,
      files: given.files,
      photos,
      faces: (photo) => counts[photo],
      firstFace: (photo) => first[photo],
      status: (photo) => STATUS[(status[photo >> 2] >> (2 * (photo & 3))) & 3],
      /** The address of the annotated picture, "" where there is none. */
      picture: (photo) =>
        bit(images, photo) ? address(given.pictures[photo] || usual(given.files[photo])) : "",
      /** How many pixels of a photo one of its annotated picture stands for; 0: not known. */
      scale: (photo) => (given.shrunk ? given.shrunk[photo] || 1 : 0),
      thumb(photo) {
        if (bit(thumbs, photo)) return `report/photo-${String(photo).padStart(7, "0")}.jpg`;
        return this.picture(photo);
      },
      /** The lines of edits.csv that the page was drawn with. */
      edits: given.edits,
      /** The number of a face in its photo: `face_id`. */
      id: (face) => ids[face],
      /** The number of who a face is, -1 where nobody knows. */
      personId: (face) => (persons ? persons[face] : -1),
      /** Everyone's number. */
      persons: () => new Set(persons ? persons.filter((person) => person >= 0) : []),
      called: (person) => given.names[person] || `Person ${person}`,
      /** Who a face is: a name, or a number where photos were compared; "" where nobody knows. */
      person(face) {
        return this.personId(face) < 0 ? "" : this.called(this.personId(face));
      },
      box: (face) => boxes.subarray(4 * face, 4 * face + 4),
      /** Half percents, as in report pages: the middle of each, so that whole percents come out
       * right; 201 stands for 1. */
      probability: (face, label) => Math.min(1, (quantised[face * labels + label] - 0.5) / 200),
      /** What a face is called, as its place among the outcomes. */
      named(face) {
        return bit(unsure, face) ? labels : strongest[face];
      },
      strongest: (face) => strongest[face],
    };
  }

  const waiting = [];
  return {
    data: null,
    load(given) {
      this.data = decode(given);
      for (const work of waiting) work(this.data);
    },
    ready(work) {
      waiting.push(work);
    },
    tell() {}, // theme.js tells of the theme; here styles follow by themselves
    percent: (share) => `${Math.round(share * 100)}\u00a0%`,
  };
})();
