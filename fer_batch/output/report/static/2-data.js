"use strict";
/* Turns the compact text of data.js into typed arrays, and fetches finer values on demand. */
(() => {
  const app = window.FerBatch;
  const NONE = 255; // no value: the person is not seen there
  // A byte counts half percents, rounded so that whole percents come out right: 1 is below 0.5 %.
  const probability = (byte) => Math.min(1, Math.max(0, (byte - 0.5) / 200));
  const SKIPPED = 2;

  // Plain loops: hours of frames pass here before the page is usable.
  function bytes(text) {
    const letters = atob(text);
    const values = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i += 1) values[i] = letters.charCodeAt(i);
    return values;
  }

  /** Seconds of each frame: a straight line plus small corrections, exact to the microsecond. */
  function decodeTimes({ step_us, width, corrections }, count) {
    const kind = { 1: Int8Array, 2: Int16Array, 4: Int32Array, 8: Float64Array }[width];
    const small = new kind(bytes(corrections).buffer);
    const times = new Float64Array(count);
    for (let i = 0; i < count; i += 1) times[i] = (Math.floor(i * step_us) + small[i]) / 1e6;
    return times;
  }

  /** Two bits a frame: 0 ok, 1 no face, 2 skipped, 3 decode error. */
  function decodeStatus(text, count) {
    const packed = bytes(text);
    const status = new Uint8Array(count);
    for (let i = 0; i < count; i += 1) status[i] = (packed[i >> 2] >> ((i & 3) * 2)) & 3;
    return status;
  }

  function decodePerson(person) {
    const { first_point, smoothed, raw } = person.overview;
    return {
      ...person,
      overview: { first_point, smoothed: bytes(smoothed), raw: bytes(raw) },
    };
  }

  app.decode = (given) => ({
    ...given,
    times: decodeTimes(given.times, given.frames),
    status: decodeStatus(given.status, given.frames),
    people: given.people.map(decodePerson),
    end_s: given.end_s,
  });

  /** The last frame that has begun at `seconds`; 2 ms forgive a container's coarser clock. */
  app.frameAt = (seconds) => {
    const { times } = app.data;
    let low = 0;
    let high = times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle] <= seconds + 0.002) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  app.endOf = (frame) =>
    frame + 1 < app.data.frames ? app.data.times[frame + 1] : app.data.end_s;

  /** Where a episode ends whose last frame is `frame`: skipped frames after it belong to it. */
  app.lastsTo = (frame) => {
    let next = frame + 1;
    while (next < app.data.frames && app.data.status[next] === SKIPPED) next += 1;
    return next < app.data.frames ? app.data.times[next] : app.data.end_s;
  };

  /**
   * A time at which a player surely shows `frame`: a little after it begins, whatever is rounded.
   * Not its middle: players take a frame to be over when its packet's duration is, and with
   * B-frames and a variable rate that can be much too short.
   */
  app.insideOf = (frame) => {
    const begin = app.data.times[frame];
    return begin + Math.min((app.endOf(frame) - begin) / 4, 0.004);
  };

  /* Finer values come in chunks of frames, as scripts: pages opened from disk may not fetch. */
  const chunks = { smoothed: new Map(), raw: new Map() };
  const asked = new Set();
  const address = (kind, index) => `report/${kind}-${String(index).padStart(3, "0")}.js`;
  const trusted = window.trustedTypes?.createPolicy("fer-batch", {
    createScriptURL: (url) => {
      if (!/^report\/(smoothed|raw)-\d+\.js$/.test(url)) throw new TypeError(url);
      return url;
    },
  });

  app.chunk = (kind, index, people) => {
    const decoded = Object.entries(people).map(([id, [first, text]]) => {
      const values = bytes(text);
      return [Number(id), { first, values, length: values.length / app.data.labels.length }];
    });
    chunks[kind].set(index, new Map(decoded));
    app.tell("detail");
  };

  /** True when every frame of `[first, stop)` is here; otherwise what is missing is asked for. */
  app.want = (kind, first, stop) => {
    const size = app.data.chunk_frames;
    if (!size) return false;
    let here = true;
    for (let index = Math.floor(first / size); index * size < stop; index += 1) {
      if (chunks[kind].has(index)) continue;
      here = false;
      const url = address(kind, index);
      if (asked.has(url)) continue;
      asked.add(url);
      const script = document.createElement("script");
      script.src = trusted ? trusted.createScriptURL(url) : url;
      document.head.append(script);
    }
    return here;
  };

  /** A function from (label, frame) to a byte: as fine as what has arrived. */
  function reader(person, kind, fine) {
    const { labels, frames_per_point, chunk_frames } = app.data;
    if (fine) {
      return (label, frame) => {
        const part = chunks[kind].get(Math.floor(frame / chunk_frames))?.get(person.id);
        const at = part ? frame - part.first : -1;
        return at < 0 || at >= part.length ? NONE : part.values[label * part.length + at];
      };
    }
    const values = person.overview[kind];
    const length = values.length / labels.length;
    return (label, frame) => {
      const at = Math.floor(frame / frames_per_point) - person.overview.first_point;
      return at < 0 || at >= length ? NONE : values[label * length + at];
    };
  }

  /** Probability of each label for one person in one frame, or null where not seen. */
  app.valuesAt = (person, frame) => {
    const fine = app.data.frames_per_point > 1 && app.want("smoothed", frame, frame + 1);
    const read = reader(person, "smoothed", fine);
    if (read(0, frame) === NONE) return null;
    return app.data.labels.map((_, label) => probability(read(label, frame)));
  };

  /** The x positions of a drawing of `[first, stop)` in at most about `most` points. */
  app.grid = (first, stop, most) => {
    const { frames_per_point: coarse, status, times, every } = app.data;
    const fine = coarse > 1 && stop - first <= 40000 && app.want("smoothed", first, stop);
    const unit = fine || coarse === 1 ? 1 : coarse;
    const size = unit * Math.max(1, Math.ceil((stop - first) / unit / most));
    const grid = { fine, unit, x: [], starts: [], stops: [], size };
    for (let at = Math.floor(first / size) * size; at < stop; at += size) {
      const end = Math.min(at + size, app.data.frames);
      let seen = every === 1;
      for (let i = at; i < end && !seen; i += 1) seen = status[i] !== SKIPPED;
      if (!seen) continue;
      grid.starts.push(at);
      grid.stops.push(end);
      grid.x.push(end - at === 1 ? times[at] : (times[at] + times[end - 1]) / 2);
    }
    return grid;
  };

  /** Mean of each label over the grid's buckets for one person; null where not seen. */
  app.series = (person, kind, grid) => {
    const fine =
      grid.fine &&
      (kind === "smoothed" || app.want(kind, grid.starts[0] ?? 0, grid.stops.at(-1) ?? 0));
    const read = reader(person, kind, fine);
    return app.data.labels.map((_, label) =>
      grid.starts.map((start, i) => {
        let sum = 0;
        let seen = 0;
        for (let frame = start; frame < grid.stops[i]; frame += grid.unit) {
          const value = read(label, frame);
          if (value === NONE) continue;
          sum += value;
          seen += 1;
        }
        return seen ? probability(sum / seen) : null;
      }),
    );
  };
})();
