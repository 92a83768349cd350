"use strict";
/* Corrections as lines of edits.csv: read, said in words, added, undone. Nothing of the page itself. */
(() => {
  const app = window.FerBatch;
  const COLUMNS = ["do", "person", "start_s", "end_s", "value"];

  /** The cells of one line of CSV. */
  function cells(line) {
    const found = [];
    let rest = line;
    for (;;) {
      const quoted = /^\s*"((?:[^"]|"")*)"\s*(,|$)/.exec(rest);
      const match = quoted || /^([^,]*)(,|$)/.exec(rest);
      found.push(quoted ? match[1].replaceAll('""', '"') : match[1].trim());
      if (match[2] !== ",") return found;
      rest = rest.slice(match[0].length);
    }
  }

  const quoted = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const header = (lines) => (lines.length ? cells(lines[0]).map((name) => name.toLowerCase()) : COLUMNS);

  /** A line as {do, person, start_s, end_s, value}; null for the header, remarks and empty lines. */
  function read(line, names) {
    const row = cells(line);
    if (row[0].startsWith("#") || !row.some(Boolean) || row[0].toLowerCase() === "do") return null;
    const edit = Object.fromEntries(names.map((name, at) => [name, row[at] ?? ""]));
    const number = (text) => (text ? Number(text) : null);
    return {
      do: edit.do.toLowerCase(),
      person: Number(edit.person || 0),
      start: number(edit.start_s),
      end: number(edit.end_s),
      value: edit.value ?? "",
    };
  }

  function write(edit, names) {
    const seconds = (value) => (value === null || value === undefined ? "" : String(+value.toFixed(3)));
    const texts = {
      do: edit.do,
      person: edit.person ? String(edit.person) : "",
      start_s: seconds(edit.start),
      end_s: seconds(edit.end),
      value: edit.value ?? "",
    };
    return names.map((name) => quoted(texts[name] ?? "")).join(",");
  }

  const span = ({ start, end }) => {
    if (start === null && end === null) return "";
    if (end === null) return ` from ${app.clock(start)} on`;
    return ` from ${app.clock(start ?? 0)} to ${app.clock(end)}`;
  };

  /** Who there is once `edits` are applied to the people that the page was drawn with. */
  function people(edits) {
    const found = new Map();
    const names = new Map(app.data.people.map((person) => [person.id, person.name]));
    for (const id of app.data.ids) {
      found.set(id, { id, name: names.get(id) || `Person ${id}`, shown: names.has(id), main: id === app.data.main });
    }
    for (const edit of edits) {
      const one = found.get(edit.person);
      const other = edit.do === "merge" ? found.get(Number(edit.value)) : null;
      if (edit.do === "split") {
        const id = Math.max(0, ...found.keys()) + 1;
        found.set(id, { id, name: `Person ${id}`, shown: true, fresh: true });
      }
      if (!one) continue;
      if (other) {
        if (!/^Person \d+$/.test(one.name) && /^Person \d+$/.test(other.name)) other.name = one.name;
        other.main ||= one.main;
        found.delete(one.id);
      }
      if (edit.do === "hide" && edit.start === null && edit.end === null) found.delete(one.id);
      if (edit.do === "name") one.name = edit.value;
      if (edit.do === "main") one.main = true;
    }
    return found;
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

  app.edits = {
    lines: [], // of edits.csv as it would be saved
    undone: [],

    /** The corrections of some lines. */
    of(lines) {
      const names = header(lines);
      return lines.map((line) => read(line, names)).filter(Boolean);
    },

    /** Corrections that the page was not drawn with, and whether some that it was are gone. */
    pending() {
      const drawn = this.of(app.data.edits).map((edit) => JSON.stringify(edit));
      const all = this.of(this.lines);
      let same = 0;
      while (same < drawn.length && JSON.stringify(all[same]) === drawn[same]) same += 1;
      return { all, edits: all.slice(same), drawn: same, takenBack: same < drawn.length };
    },

    people() {
      const { edits, takenBack } = this.pending();
      return people(takenBack ? [] : edits);
    },

    /** Every correction in words, and whether the page shows it already. */
    list() {
      const { all, drawn, takenBack } = this.pending();
      return all.map((edit, at) => ({
        text: words(edit, people(takenBack || at < drawn ? [] : all.slice(drawn, at))),
        drawn: at < drawn,
      }));
    },

    with(edits) {
      const lines = this.lines.length ? this.lines : [COLUMNS.join(",")];
      const names = header(lines);
      return [...lines, ...edits.map((edit) => write({ start: null, end: null, ...edit }, names))];
    },

    /** The lines without the last correction, and that one; null where there is none. */
    withoutLast() {
      const names = header(this.lines);
      for (let at = this.lines.length - 1; at >= 0; at -= 1) {
        if (read(this.lines[at], names)) {
          return { lines: this.lines.toSpliced(at, 1), gone: this.lines[at] };
        }
      }
      return null;
    },
  };
})();
