"use strict";
/* What corrections of photos are about: a face in one of them, a photo, a person of all of them. */
FerBatch.ready((data) => {
  const edits = FerBatch.edits;
  const NUMBERED = /^Person \d+$/;
  let all = null;

  /** The people that the page was drawn with, as {id, name}. */
  function everyone() {
    all ||= [...data.persons()].sort((a, b) => a - b);
    return new Map(all.map((id) => [id, { id, name: data.called(id) }]));
  }

  /** Change `found`, who there is, as `edit` does. */
  function step(found, edit) {
    const one = edit.photo ? null : found.get(edit.person);
    if (!one) return;
    const other = edit.do === "merge" ? found.get(Number(edit.value)) : null;
    if (other && !NUMBERED.test(one.name) && NUMBERED.test(other.name)) other.name = one.name;
    if (other || edit.do === "hide") found.delete(one.id);
    if (edit.do === "name") one.name = edit.value;
  }

  /** An edit in words, as `known` (people before it) are called. */
  function words(edit, known) {
    const called = (id) => known.get(Number(id))?.name || `Person ${id}`;
    const whole = edit.do === "ignore" && !edit.person;
    const face = `Face ${edit.person} of ${edit.photo}`;
    const who = whole ? edit.photo : edit.photo ? face : called(edit.person);
    switch (edit.do) {
      case "merge":
        return `${who} is ${called(edit.value)}`;
      case "split":
        return `${who} is somebody else`;
      case "hide":
        return `${who} is left out${edit.photo ? "" : " of all photos"}`;
      case "ignore":
        return `${who} is not counted`;
      case "label":
        return `${who} looks ${edit.value}`;
      default:
        return `${who} is called ${edit.value}`;
    }
  }

  /**
   * A face as it will be when all is drawn: whose it is (-1: nobody knows), its label ("" as it is),
   * and whether it is left out.
   */
  edits.face = (photo, face) => {
    const file = data.files[photo];
    const found = { person: data.personId(face), label: "", out: false };
    for (const edit of edits.pending().edits) {
      const whole = edit.do === "ignore" && !edit.person;
      if (edit.photo ? edit.photo === file && (whole || edit.person === data.id(face)) : edit.person === found.person) {
        if (edit.do === "merge") found.person = Number(edit.value);
        if (edit.do === "split") found.person = -1;
        if (edit.do === "label") found.label = edit.value;
        if (edit.do === "hide" || edit.do === "ignore") found.out = true;
      }
    }
    return found;
  };

  /** Whether a photo will not be counted. */
  edits.ignored = (photo) =>
    edits.pending().edits.some((edit) => edit.do === "ignore" && !edit.person && edit.photo === data.files[photo]);

  /** Of several people, who stays when they are one: whoever has a name, else the smallest number. */
  edits.kept = (people) =>
    people.find((person) => !NUMBERED.test(person.name)) ||
    people.reduce((least, person) => (person.id < least.id ? person : least));

  const columns = ["do", "person", "value", "photo"];
  Object.assign(edits, { columns, everyone, step, words });
});
