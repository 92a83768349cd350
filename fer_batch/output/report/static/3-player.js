"use strict";
/* The video and the frame shown. Time on the page counts from the first frame; the player's
   clock may begin elsewhere, so the two are matched on the first picture the browser presents. */
(() => {
  const app = window.FerBatch;
  const video = document.querySelector("#video");
  let offset = 0;
  let matched = false; // whether the offset is known
  let next = null; // the frame to go to when the seek under way has ended
  let asked = null; // where the player was last sent; what it shows then is known already

  app.player = {
    video,

    /** Show `frame`, by its own time: exact under variable frame rates, too. */
    seek(frame) {
      const { data, state } = app;
      state.frame = Math.max(0, Math.min(data.frames - 1, Math.round(frame)));
      if (video) {
        if (video.seeking || !matched) next = state.frame;
        else {
          next = null; // a wish that was still waiting for "seeked" is overtaken
          asked = offset + app.insideOf(state.frame);
          video.currentTime = asked;
        }
      }
      app.tell("frame");
    },

    step(frames) {
      if (video) video.pause();
      this.seek(app.state.frame + frames);
    },

    toggle() {
      if (!video) return;
      if (video.paused) video.play().catch(() => {});
      else video.pause();
    },

    /** The previous (-1) or next (1) frame at which anyone's expression changes. */
    change(direction) {
      const { changes } = app.data;
      const now = app.state.frame;
      const found =
        direction > 0 ? changes.find((frame) => frame > now) : changes.findLast((frame) => frame < now);
      if (found === undefined) return false;
      if (video) video.pause();
      this.seek(found);
      return true;
    },

    /** Whether the picture on the screen is that of the frame shown, or will be once painted. */
    get settled() {
      return !video || (matched && next === null && !video.seeking);
    },

    /** Seconds since the first frame, between frames while playing. */
    now() {
      const { data, state } = app;
      if (!video || video.paused || video.seeking) return data.times[state.frame];
      return Math.max(0, Math.min(data.end_s, video.currentTime - offset));
    },
  };

  function present(mediaTime) {
    if (video.seeking || next !== null || asked !== null) return;
    const frame = app.frameAt(mediaTime - offset);
    if (frame === app.state.frame) return;
    app.state.frame = frame;
    app.tell("frame");
  }

  /** Go where `next` says, if a seek had to wait. */
  function goOn() {
    if (next === null || !matched || video.seeking) return;
    const frame = next;
    next = null;
    app.player.seek(frame);
  }

  function match(mediaTime) {
    offset = mediaTime;
    matched = true;
    goOn();
  }

  function watchFrames() {
    const presented = (_, { mediaTime }) => {
      // The first picture is frame 0, whatever the player's clock says, unless it plays already.
      if (!matched) match(video.paused ? mediaTime : app.data.offset_s);
      present(mediaTime);
      video.requestVideoFrameCallback(presented);
    };
    video.requestVideoFrameCallback(presented);
    // The first picture may have come before anyone listened: then it has to come once more.
    const again = () => {
      if (!matched && video.paused) video.currentTime = video.currentTime;
    };
    const trust = () => {
      if (!matched) match(app.data.offset_s);
    };
    const wait = () => {
      setTimeout(again, 80);
      setTimeout(trust, 4000);
    };
    if (video.readyState >= 2) wait();
    else video.addEventListener("loadeddata", wait, { once: true });
  }

  app.startPlayer = () => {
    if (!video) return;
    offset = app.data.offset_s;
    // Ours know frames; the browser's own would lie over the captions.
    video.controls = false;
    video.addEventListener("click", () => app.player.toggle());
    if (video.requestVideoFrameCallback) watchFrames();
    else {
      match(offset);
      video.addEventListener("timeupdate", () => present(video.currentTime));
    }
    video.addEventListener("seeking", () => {
      // Media keys and full screen may send the player elsewhere, too.
      if (asked !== null && Math.abs(video.currentTime - asked) > 0.001) asked = null;
    });
    video.addEventListener("seeked", goOn);
    const follow = () => {
      app.tell("time");
      if (!video.paused) requestAnimationFrame(follow);
    };
    video.addEventListener("play", () => {
      asked = null;
      follow();
    });
    for (const change of ["play", "pause", "ended"]) {
      video.addEventListener(change, () => app.tell("playing"));
    }
    buttons();
    const failed = () => {
      document.querySelector("#video-error").hidden = false;
    };
    if (video.error) failed();
    else video.addEventListener("error", failed);
    captions();
  };

  function buttons() {
    const mute = document.querySelector("#mute");
    mute?.addEventListener("click", () => {
      video.muted = !video.muted;
      mute.setAttribute("aria-pressed", String(video.muted));
    });
    document.querySelector("#fullscreen").addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else video.requestFullscreen?.().catch(() => {});
    });
  }

  /** Cues are made here, from the data: text tracks may not be loaded from disk. */
  function captions() {
    const button = document.querySelector("#captions");
    const track = video.addTextTrack("captions", "Expressions", "en");
    let filled = false;
    const fill = () => {
      if (filled || track.mode !== "showing") return;
      filled = true;
      for (const person of app.data.people) {
        for (const [start, stop, label, mean] of person.episodes) {
          const begin = offset + app.data.times[start];
          const end = offset + app.lastsTo(stop - 1);
          track.addCue(new VTTCue(begin, end, app.spellText(person, label, mean)));
        }
      }
    };
    const show = (on) => {
      track.mode = on ? "showing" : "hidden";
    };
    video.textTracks.addEventListener("change", () => {
      fill();
      button.setAttribute("aria-pressed", String(track.mode === "showing"));
    });
    button.addEventListener("click", () => show(track.mode !== "showing"));
    show(app.data.people.length <= 3);
    const later = window.requestIdleCallback || window.setTimeout;
    video.addEventListener("loadeddata", () => later(fill), { once: true });
  }

  app.spellText = (person, label, mean) => {
    const name = app.data.outcomes[label].replace(/[&<>]/g, " ");
    const who = person.name.replace(/[&<>]/g, " ");
    return `${who}: ${name} (${app.percent(mean / 1000)})`;
  };
})();
