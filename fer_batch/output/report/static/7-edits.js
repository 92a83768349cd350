"use strict";
/* What corrections of a film are about: people, and spans of time. Nothing of the page itself. */
(() => {
  const app = window.FerBatch;

  const span = ({ start, end }) => {
    if (start === null && end === null) return "";
    if (end === null) return ` from ${app.clock(start)} on`;
    return ` from ${app.clock(start ?? 0)} to ${app.clock(end)}`;
  };

  /** The people that the page was drawn with. */
  function everyone() {
    const found = new Map();
    const names = new Map(app.data.people.map((person) => [person.id, person.name]));
    for (const id of app.data.ids) {
      found.set(id, { id, name: names.get(id) || `Person ${id}`, shown: names.has(id), main: id === app.data.main });
    }
    return found;
  }

  /** Change `found`, who there is, as `edit` does. */
  function step(found, edit) {
    const one = found.get(edit.person);
    const other = edit.do === "merge" ? found.get(Number(edit.value)) : null;
    if (edit.do === "split") {
      const id = Math.max(0, ...found.keys()) + 1;
      found.set(id, { id, name: `Person ${id}`, shown: true, fresh: true });
    }
    if (!one) return;
    if (other) {
      if (!/^Person \d+$/.test(one.name) && /^Person \d+$/.test(other.name)) other.name = one.name;
      other.main ||= one.main;
      found.delete(one.id);
    }
    if (edit.do === "hide" && edit.start === null && edit.end === null) found.delete(one.id);
    if (edit.do === "name") one.name = edit.value;
    if (edit.do === "main") one.main = true;
  }

  /** An edit in words, as `known` (people before it) are called. */
  function words(edit, known) {
    const called = (id) => known.get(Number(id))?.name || `Person ${id}`;
    const who = called(edit.person);
    const when = span(edit);
    switch (edit.do) {
      case "merge":
        return `${who} is ${called(edit.value)}`;
      case "split":
        return `${who} is somebody else${when}`;
      case "hide":
        return `${who} is left out${when}`;
      case "ignore":
        return edit.person ? `${who} is not counted${when}` : `Nobody is counted${when}`;
      case "label":
        return `${who} looks ${edit.value}${when}`;
      case "name":
        return `${who} is called ${edit.value}`;
      default:
        return `${who} is the main person`;
    }
  }

  const columns = ["do", "person", "start_s", "end_s", "value"];
  Object.assign(app.edits, { columns, everyone, step, words });
})();
