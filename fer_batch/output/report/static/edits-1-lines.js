"use strict";
/*
 * The lines of edits.csv: read, added to, undone; what is not yet drawn. Reports of films and the
 * gallery of photos say what they call whom (`columns`, `everyone`, `step`, `words`).
 */
(() => {
  const app = window.FerBatch;

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
  const header = (lines) => cells(lines[0] ?? "").map((name) => name.toLowerCase());

  /** A line as {do, person, start, end, value, photo}; null for the header, remarks, empty lines. */
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
      photo: edit.photo ?? "",
    };
  }

  // To the microsecond, as times stand in the tables: less would put a frame on the wrong side.
  const seconds = (value) => (value === null || value === undefined ? "" : String(+value.toFixed(6)));

  /** The cells of an edit that say something, by column. */
  function texts(edit) {
    const all = {
      do: edit.do,
      person: edit.person ? String(edit.person) : "",
      start_s: seconds(edit.start),
      end_s: seconds(edit.end),
      value: edit.value ?? "",
      photo: edit.photo ?? "",
    };
    return Object.fromEntries(Object.entries(all).filter(([, text]) => text));
  }

  let found = null; // what `pending` says of the lines as they are
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
      if (found?.lines === this.lines) return found;
      const drawn = this.of(app.data.edits).map((edit) => JSON.stringify(edit));
      const all = this.of(this.lines);
      let same = 0;
      while (same < drawn.length && JSON.stringify(all[same]) === drawn[same]) same += 1;
      const takenBack = same < drawn.length;
      // What the page would show cannot be told from what it shows once drawn ones are gone.
      const edits = takenBack ? [] : all.slice(same);
      found = { lines: this.lines, all, edits, drawn: same, takenBack };
      return found;
    },

    /** Who there is, as far as the page can tell before it is drawn again. */
    people() {
      const known = this.everyone();
      for (const edit of this.pending().edits) this.step(known, edit);
      return known;
    },

    /** Every correction in words, and whether the page shows it already. */
    list() {
      const { all, drawn, takenBack } = this.pending();
      const known = this.everyone();
      return all.map((edit, at) => {
        const entry = { text: this.words(edit, known), drawn: at < drawn };
        if (!takenBack && at >= drawn) this.step(known, edit);
        return entry;
      });
    },

    /** The lines with more corrections; a header that lacks a column gets it. */
    with(edits) {
      const added = edits.map(texts);
      const [first, ...rest] = this.lines.length ? this.lines : [this.columns.join(",")];
      const names = header([first]);
      const lacking = this.columns.filter(
        (name) => !names.includes(name) && added.some((edit) => edit[name]),
      );
      const every = [...names, ...lacking];
      const lines = added.map((edit) => every.map((name) => quoted(edit[name] ?? "")).join(","));
      return [[first, ...lacking].join(","), ...rest, ...lines];
    },

    /** The lines without the last correction, that one, and the header; null where there is none. */
    withoutLast() {
      const names = header(this.lines);
      for (let at = this.lines.length - 1; at >= 0; at -= 1) {
        if (read(this.lines[at], names)) {
          return { lines: this.lines.toSpliced(at, 1), gone: this.lines[at], header: this.lines[0] };
        }
      }
      return null;
    },
  };
})();
