"use strict";
/* What is seen in the frame shown: one row for each person, with the values of every label. */
(() => {
  const app = window.FerBatch;
  const MOST = 6;
  const rows = new Map();
  const list = document.querySelector("#now-people");
  const clock = document.querySelector("#now-clock");
  const note = document.querySelector("#now-note");
  const seekbar = document.querySelector("#seekbar");
  const STATUS = ["No readable face in this frame", "No face in this frame", "This frame was skipped", "This frame could not be decoded"];

  function bar(label) {
    const part = document.querySelector("#now-bar").content.cloneNode(true).firstElementChild;
    part.querySelector(".bar-name").textContent = app.data.labels[label];
    part.querySelector(".bar-fill").style.backgroundColor = app.data.colours[label];
    return part;
  }

  function row(person) {
    const part = document.querySelector("#now-row").content.cloneNode(true).firstElementChild;
    part.querySelector(".now-name").textContent = person.name;
    const face = part.querySelector("img");
    if (person.face) face.src = person.face;
    else face.remove();
    const bars = app.data.labels.map((_, label) => bar(label));
    part.querySelector(".bars").append(...bars);
    list.append(part);
    return { part, bars, verdict: part.querySelector(".now-verdict") };
  }

  /** What a person is called in a frame, as its place among the outcomes; -1 where not seen. */
  function called({ episodes }, frame) {
    let [low, high] = [0, episodes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (episodes[middle][1] <= frame) low = middle + 1;
      else high = middle;
    }
    return low < episodes.length && episodes[low][0] <= frame ? episodes[low][2] : -1;
  }

  function show(person, values, frame) {
    if (!rows.has(person.id)) rows.set(person.id, row(person));
    const { part, bars, verdict } = rows.get(person.id);
    part.hidden = false;
    // Two values may be one half percent; which is the stronger, episodes know.
    const named = called(person, frame);
    const best =
      named >= 0 && named < values.length ? named : values.indexOf(Math.max(...values));
    const name = app.data.outcomes[named < 0 ? best : named];
    verdict.textContent = `${name} ${app.percent(values[best])}`;
    bars.forEach((each, label) => {
      each.querySelector(".bar-fill").style.width = `${values[label] * 100}%`;
      each.querySelector(".bar-value").textContent = app.percent(values[label]);
      each.classList.toggle("best", label === best);
    });
  }

  const update = app.coalesce(() => {
    const { data, state } = app;
    const { frame } = state;
    const time = app.clock(data.times[frame]);
    clock.textContent = `${time} · frame ${frame}`;
    for (const { part } of rows.values()) part.hidden = true;
    let seen = 0;
    for (const person of data.people) {
      const values = app.valuesAt(person, frame);
      if (!values) continue;
      seen += 1;
      if (seen <= MOST) show(person, values, frame);
    }
    const file = data.files[frame] ? `${data.files[frame]}` : "";
    const more = seen > MOST ? `and ${seen - MOST} more` : "";
    const status = data.status[frame] || !seen ? STATUS[data.status[frame]] : "";
    note.textContent = [status, more, file].filter(Boolean).join(" · ");
    seekbar.value = frame;
    seekbar.setAttribute("aria-valuetext", `${time}, frame ${frame} of ${data.frames}`);
  });

  app.startNow = () => {
    app.on("frame", update);
    app.on("detail", update);
    update();
  };
})();
