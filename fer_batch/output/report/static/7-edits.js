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
    app.data.ids.forEach((id, at) => {
      const name = names.get(id) || `Person ${id}`;
      found.set(id, { id, name, shown: names.has(id), main: id === app.data.main, seen: app.data.seen[at] });
    });
    return found;
  }

  /** Take `edit`'s span from when `one` is seen; whoever is seen at no other time is nobody. */
  function leaveOut(found, one, { start, end }) {
    const [from, to] = [start ?? 0, end ?? Infinity];
    const [first, last] = one.seen;
    if (from <= first && last < to) found.delete(one.id);
    else if (from <= first && first < to) one.seen = [to, last];
    else if (first < from && from <= last && last < to) one.seen = [first, from - 1e-6];
  }

  /** Change `found`, who there is, as `edit` does. */
  function step(found, edit) {
    const one = found.get(edit.person);
    const other = edit.do === "merge" ? found.get(Number(edit.value)) : null;
    if (edit.do === "split") {
      const id = Math.max(0, ...found.keys()) + 1;
      const [first, last] = one ? one.seen : [0, Infinity];
      const seen = [Math.max(first, edit.start ?? 0), Math.min(last, edit.end ?? Infinity)];
      found.set(id, { id, name: `Person ${id}`, shown: true, fresh: true, seen });
      if (one) leaveOut(found, one, edit);
    }
    if (edit.do === "ignore" && !edit.person) {
      for (const each of [...found.values()]) leaveOut(found, each, edit);
    }
    if (!one) return;
    if (other) {
      if (!/^Person \d+$/.test(one.name) && /^Person \d+$/.test(other.name)) other.name = one.name;
      other.main ||= one.main;
      other.seen = [Math.min(one.seen[0], other.seen[0]), Math.max(one.seen[1], other.seen[1])];
      found.delete(one.id);
    }
    if (edit.do === "hide" || edit.do === "ignore") leaveOut(found, one, edit);
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
