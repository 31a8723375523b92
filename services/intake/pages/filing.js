// Makes filing easier where scripts run: what is typed is kept while somebody types, and files go up in pieces, each of which goes on
// where it broke off. Every page works without it.
"use strict";

(() => {
  const form = document.querySelector("form[data-said]");
  if (!form) return;
  const said = JSON.parse(form.dataset.said);
  const line = document.getElementById("said");
  const lang = document.documentElement.lang;
  const say = (what, values = {}) => {
    line.textContent = filled(said[what], values);
  };

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  // As the server says it.
  function megabytes(size) {
    const text = size >= 100000 ? `${(size / 1e6).toFixed(1)} MB` : `${Math.max(Math.floor(size / 1000), 1)} kB`;
    return lang === "vi" ? text.replace(".", ",") : text;
  }

  // The draft: one save after the other, so that none overtakes a later one.
  const AFTER_MS = 1500;
  const AGAIN_MS = 15000;
  let timer = 0;
  let saves = 0;
  let turn = Promise.resolve();
  let isOver = !form.dataset.save;

  function save() {
    clearTimeout(timer);
    timer = 0;
    saves += 1;
    turn = turn.then(send).finally(() => {
      saves -= 1;
    });
    return turn;
  }

  function soon(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(save, milliseconds);
  }

  async function send() {
    if (isOver) return;
    const typed = [...new FormData(form)].filter(([, value]) => typeof value === "string");
    const body = new URLSearchParams([...typed, form.dataset.step.split("=")]);
    const keepalive = body.toString().length < 60000;
    try {
      const answer = await fetch(form.dataset.save, { method: "POST", body, keepalive, redirect: "manual" });
      if (answer.status === 204) {
        const version = answer.headers.get("draft-version");
        form.elements.draft.value = version;
        say(version === "0" ? "full" : "saved", { at: answer.headers.get("draft-saved") });
      } else if (answer.type === "opaqueredirect" || answer.status === 409) {
        isOver = true;
        say("changed");
      } else if (answer.status === 401 || answer.status === 403) {
        isOver = true;
        say("ended");
      } else {
        say("unsaved");
        soon(AGAIN_MS);
      }
    } catch {
      say("unsaved");
      soon(AGAIN_MS);
    }
  }

  form.addEventListener("input", (event) => {
    if (event.target.type !== "file" && !isOver) soon(AFTER_MS);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && timer) save();
  });

  // Files.
  const PIECE_BYTES = 4 * 1024 * 1024;
  const STILL_MS = 30000;
  const JUDGED_MS = 180000;
  const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15000];
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u3164\uffa0]/gu;
  const sending = new Map();

  class Refused extends Error {
    constructor(code) {
      super(code);
      this.code = code;
    }
  }

  for (const input of form.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => {
      for (const file of [...input.files]) start(input, file);
      input.value = "";
    });
  }

  function start(input, file) {
    const item = document.createElement("li");
    const text = document.createElement("span");
    listOf(input).append(item);
    item.append(text, " ");
    const all = [...form.querySelectorAll("li[data-size]")].reduce((sum, each) => sum + Number(each.dataset.size), file.size);
    if (file.size > Number(form.dataset.fileBytesMax)) return refused(input, item, text, file, "file-too-large");
    if (all > Number(form.dataset.allBytesMax)) return refused(input, item, text, file, "papers-too-large");
    item.dataset.size = file.size;
    const bar = document.createElement("progress");
    bar.max = Math.max(file.size, 1);
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const job = { item, text, bar, file, request: null, isStopped: false, wake: null };
    item.append(bar, " ", button(said.stop, file.name, () => {
      job.isStopped = true;
      job.request?.abort();
      job.wake?.();
      takeAway(item, input);
    }));
    say("running", { name: file.name });
    sending.set(item, upload(input, job).then(
      (state) => {
        if (!job.isStopped) brought(input, item, state);
      },
      (fault) => {
        if (!job.isStopped) refused(input, item, text, file, fault.code);
      },
    ).finally(() => sending.delete(item)));
  }

  // As far as it has come stands at the server: whatever breaks, it is asked there, and goes on.
  async function upload(input, job) {
    const { file } = job;
    const name = file.name.normalize("NFC").replace(UNSEEN, "").slice(-200);
    const key = [form.elements.key.value, input.name, file.size, file.lastModified, mark(file.name)].join(".");
    const begins = { "idempotency-key": key, "upload-length": file.size };
    for (let breaks = 0; !job.isStopped;) {
      try {
        let state = await ask(job, "POST", `/uploads?name=${encodeURIComponent(name)}`, begins, 0);
        while (!state.complete && !job.isStopped) {
          const from = state.received;
          const piece = file.slice(from, from + PIECE_BYTES);
          state = await ask(job, "PATCH", `/uploads/${state.file_id}`, { "upload-offset": from }, from, piece);
          breaks = 0;
        }
        return state;
      } catch (fault) {
        if (fault instanceof Refused) throw fault;
        await file.slice(0, 1).arrayBuffer().catch(() => {
          throw new Refused("file-changed");
        });
        if (job.isStopped) return null;
        say("broken", { name: file.name, done: megabytes(job.bar.value) });
        job.text.textContent = line.textContent;
        await rest(job, PAUSES_MS[Math.min(breaks, PAUSES_MS.length - 1)]);
        breaks += 1;
      }
    }
    return null;
  }

  function ask(job, method, path, headers, from, piece = null) {
    return new Promise((answered, broken) => {
      const request = new XMLHttpRequest();
      let still = 0;
      const patience = (milliseconds) => {
        clearTimeout(still);
        still = setTimeout(() => request.abort(), milliseconds);
      };
      job.request = request;
      request.open(method, path);
      request.setRequestHeader("x-session-mark", form.elements.csrf.value);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => {
        patience(STILL_MS);
        shown(job, from + event.loaded);
      };
      request.upload.onload = () => patience(JUDGED_MS);
      request.onload = () => {
        const answer = told(request.responseText);
        if (request.status < 300) {
          shown(job, answer.received);
          answered(answer);
        } else if (request.status < 500 && ![408, 409, 429].includes(request.status)) {
          broken(new Refused(request.status === 401 || request.status === 403 ? "ended" : answer.code));
        } else if (["uploads-waiting", "files-not-set-up"].includes(answer.code)) {
          broken(new Refused(answer.code));
        } else {
          broken(new Error(`${request.status}`));
        }
      };
      request.onerror = request.onabort = () => broken(new Error("broken"));
      request.onloadend = () => clearTimeout(still);
      patience(STILL_MS);
      request.send(piece);
    });
  }

  function told(text) {
    try {
      return JSON.parse(text);
    } catch {
      return {};
    }
  }

  function shown(job, done) {
    job.bar.value = done;
    job.text.textContent = `${job.file.name}: ${megabytes(done)} / ${megabytes(job.file.size)}`;
  }

  // Until the time is over, the network is there again, or the person stops it.
  function rest(job, milliseconds) {
    return new Promise((rested) => {
      const awake = setTimeout(rested, milliseconds);
      job.wake = () => {
        clearTimeout(awake);
        rested();
      };
      window.addEventListener("online", job.wake, { once: true });
    });
  }

  function brought(input, item, state) {
    const kept = document.createElement("input");
    kept.type = "hidden";
    kept.name = input.name;
    kept.value = state.file_id;
    const remove = button(said.remove, state.name);
    remove.type = "submit";
    remove.name = "remove";
    remove.value = state.file_id;
    const isFocused = item.contains(document.activeElement);
    item.replaceChildren(`${state.name} (${megabytes(state.size)}) `, kept, remove);
    if (isFocused) remove.focus();
    say("done", { name: state.name });
    save();
  }

  // Who goes by keyboard stands where another file is chosen.
  function takeAway(item, input) {
    item.remove();
    input.focus();
  }

  function refused(input, item, text, file, code) {
    delete item.dataset.size;
    item.className = "refused";
    text.className = "govuk-error-message";
    text.textContent = `${file.name}: ${said[code] ?? said.other}`;
    item.replaceChildren(text, " ", button(said.remove, file.name, () => takeAway(item, input)));
    line.textContent = text.textContent;
  }

  function listOf(input) {
    const id = `${input.id}-brought`;
    let list = document.getElementById(id);
    if (!list) {
      list = document.createElement("ul");
      list.id = id;
      list.className = "govuk-list";
      input.before(list);
    }
    return list;
  }

  function button(text, about, pressed) {
    const made = document.createElement("button");
    const of = document.createElement("span");
    made.type = "button";
    made.className = "plain";
    of.className = "govuk-visually-hidden";
    of.textContent = ` ${about}`;
    made.append(text, of);
    if (pressed) made.addEventListener("click", pressed);
    return made;
  }

  function mark(text) {
    let found = 0x811c9dc5;
    for (const unit of new TextEncoder().encode(text)) found = Math.imul(found ^ unit, 0x01000193) >>> 0;
    return found.toString(16);
  }

  form.addEventListener("click", (event) => {
    const pressed = event.target.closest("button[name=remove]");
    if (!pressed) return;
    event.preventDefault();
    for (const each of form.querySelectorAll("input[type=hidden]")) if (each.value === pressed.value) each.remove();
    takeAway(pressed.closest("li"), pressed.closest(".govuk-form-group").querySelector("input[type=file]"));
    save();
  });

  // Files go up as they are chosen.
  for (const each of form.querySelectorAll(".govuk-button-group button[value=upload]")) each.remove();

  // What is under way ends before the form goes, and a file that was refused is taken out of it first.
  let isWaiting = false;
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    timer = 0;
    const wrong = form.querySelector("li.refused");
    if (wrong && event.submitter?.name !== "change") {
      event.preventDefault();
      line.textContent = wrong.querySelector(".govuk-error-message").textContent;
      wrong.querySelector("button").focus();
    } else if (isWaiting) {
      event.preventDefault();
    } else if (sending.size || saves) {
      event.preventDefault();
      isWaiting = true;
      if (sending.size) say("waiting");
      while (sending.size || saves) await Promise.allSettled([...sending.values(), turn]);
      isWaiting = false;
      form.requestSubmit(event.submitter ?? undefined);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (sending.size) event.preventDefault();
  });
})();
