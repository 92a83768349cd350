"use strict";
/* Which photos are shown, and in which order. */
FerBatch.ready((data) => {
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const lower = data.files.map((file) => file.toLowerCase());
  const find = (selector) => document.querySelector(selector);

  /** The face that stands for a photo: the largest, which comes first; -1 where there is none. */
  const main = (photo) => (data.faces(photo) ? data.firstFace(photo) : -1);

  /** The face of a photo that most likely shows `label`; of `unsure` the first. */
  function likeliest(photo, label) {
    if (label === data.labels.length) return first(photo, label);
    let best = -1;
    for (let face = data.firstFace(photo); face < data.firstFace(photo + 1); face++) {
      if (best < 0 || data.probability(face, label) > data.probability(best, label)) best = face;
    }
    return best;
  }

  /** The first face of a photo that is called `label`; -1 where none is. */
  function first(photo, label) {
    for (let face = data.firstFace(photo); face < data.firstFace(photo + 1); face++) {
      if (data.named(face) === label) return face;
    }
    return -1;
  }

  const shows = (photo, label) => first(photo, label) >= 0;

  /** Whether somebody in a photo is called so; "person 1" is not "person 12". */
  function hasPerson(photo, words) {
    for (let face = data.firstFace(photo); face < data.firstFace(photo + 1); face++) {
      const who = data.person(face).toLowerCase();
      if (who && (who === words || (!/\d$/.test(words) && who.includes(words)))) return true;
    }
    return false;
  }

  const kept = {
    "": () => true,
    face: (photo) => data.faces(photo) > 0,
    several: (photo) => data.faces(photo) > 1,
    none: (photo) => !data.faces(photo) && ["ok", "no_face"].includes(data.status(photo)),
    unread: (photo) => data.status(photo) === "decode_error",
  };

  const size = (photo) => {
    if (main(photo) < 0) return -1;
    const box = data.box(main(photo));
    return box[2] * box[3];
  };
  const sure = (photo) =>
    main(photo) < 0 ? -1 : data.probability(main(photo), data.strongest(main(photo)));

  /** What photos are sorted by: a number for each, or a comparison. */
  function order(key) {
    if (key.startsWith("p:")) {
      const label = Number(key.slice(2));
      return (photo) => {
        const face = likeliest(photo, label);
        return face < 0 ? -1 : data.probability(face, label);
      };
    }
    return {
      place: (photo) => photo,
      faces: (photo) => data.faces(photo),
      size,
      sure,
      emotion: (photo) =>
        main(photo) < 0 ? 1e3 : data.named(main(photo)) + 1 - sure(photo) / 2,
    }[key];
  }

  /** The photos to show, by number, as the fields of the page say. */
  function chosen() {
    const words = find("#find").value.trim().toLowerCase();
    const show = kept[find("#show").value];
    const emotion = find("#emotion").value;
    const key = find("#sort").value;
    const photos = [];
    for (let photo = 0; photo < data.photos; photo++) {
      if (words && !lower[photo].includes(words) && !hasPerson(photo, words)) continue;
      if (!show(photo) || (emotion && !shows(photo, Number(emotion)))) continue;
      photos.push(photo);
    }
    const down = find("#order").getAttribute("aria-pressed") === "true" ? -1 : 1;
    if (key === "name") {
      photos.sort((a, b) => down * names.compare(data.files[a], data.files[b]) || a - b);
    } else {
      const rank = order(key);
      const ranks = new Float64Array(data.photos);
      for (const photo of photos) ranks[photo] = rank(photo);
      photos.sort((a, b) => down * (ranks[a] - ranks[b]) || a - b);
    }
    return photos;
  }

  /** Which face a card tells of: the one that most likely shows what is asked for. */
  function told(photo) {
    const key = find("#sort").value;
    const emotion = find("#emotion").value;
    if (!data.faces(photo)) return -1;
    if (key.startsWith("p:")) return likeliest(photo, Number(key.slice(2)));
    return emotion ? likeliest(photo, Number(emotion)) : main(photo);
  }

  function words(photo, face = told(photo)) {
    const status = data.status(photo);
    if (status === "decode_error") return "Could not be read";
    if (status === "skipped") return "Left out";
    if (face < 0) return status === "ok" ? "No readable face" : "No face";
    const key = find("#sort").value;
    const asked = key.startsWith("p:");
    const label = asked ? Number(key.slice(2)) : data.strongest(face);
    const name = data.outcomes[asked ? label : data.named(face)];
    return `${name} ${FerBatch.percent(data.probability(face, label))}`;
  }

  Object.assign(FerBatch, { chosen, told, words });
});
