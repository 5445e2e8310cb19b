/* The writing page of a self-analysis: saves as one types, never loses what was typed, and says truthfully what is saved. */
"use strict";

(() => {
  const PAUSE = 1000; // ms without typing until a save
  const CEILING = 4000; // ms of unbroken typing until a save
  const PATIENCE = 15000; // ms until a request counts as lost
  const SAY = {
    saving: "正在保存…",
    offline: "未能保存，正在重试",
    expired: "登录已过期，请在新窗口重新登录，本页文字不会丢失",
    refused: "未能保存：当前登录的账号不能写这份材料。请用本人账号重新登录，本页文字不会丢失",
    conflict: "另一个窗口也在写，请选择留下哪一份",
    unsaved: "有文字尚未保存",
  };

  const copyName = (person, key) => `self-analysis:${person}:${key}`;
  const readCopy = (name) => {
    try {
      return JSON.parse(sessionStorage.getItem(name));
    } catch {
      return null;
    }
  };
  const writeCopy = (name, copy) => {
    try {
      if (copy) sessionStorage.setItem(name, JSON.stringify(copy));
      else sessionStorage.removeItem(name);
    } catch {
      /* A full or forbidden storage takes away one safety net, not the page. */
    }
  };
  const cookie = (name) =>
    document.cookie
      .split("; ")
      .find((part) => part.startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? "";

  const wide = window.matchMedia("(min-width: 992px)").matches;
  if (wide) for (const standards of document.querySelectorAll("[data-standards]")) standards.open = true;

  /* What was handed in can't be written any more; a copy left in this window is shown, or dropped if it was saved. */
  for (const place of document.querySelectorAll("[data-handed-in]")) {
    const name = copyName(place.dataset.person, place.dataset.key);
    const copy = readCopy(name);
    const shown = place.querySelector("[data-text]").textContent.trim();
    if (!copy || copy.text.trim() === shown) {
      writeCopy(name, null);
      continue;
    }
    const left = place.querySelector("[data-left-over]");
    left.querySelector("[data-left-over-text]").textContent = copy.text;
    left.hidden = false;
    left.querySelector("button").addEventListener("click", () => {
      writeCopy(name, null);
      left.hidden = true;
    });
  }

  const form = document.querySelector("[data-self-analysis]");
  if (!form) return;

  const bar = form.querySelector("[data-bar-status]");
  const signIn = form.querySelector("[data-sign-in]");
  let running = null;
  let retryTimer = 0;
  let failures = 0;
  let leaving = false;
  let trouble = "";

  class Section {
    constructor(element) {
      this.key = element.dataset.section;
      this.box = element.querySelector("textarea");
      this.base = element.querySelector("[data-base]");
      this.status = element.querySelector("[data-status]");
      this.count = element.querySelector("[data-count]");
      this.panel = element.querySelector("[data-conflict-panel]");
      this.other = element.querySelector("[data-other]");
      this.name = copyName(form.dataset.person, this.key);
      this.conflict = !this.panel.hidden;
      this.otherText = this.conflict ? this.other.textContent : "";
      this.otherVersion = this.base.value;
      this.saved = "unsaved" in element.dataset ? null : this.box.defaultValue;
      this.pending = null; // sent, answer unknown: goes again unchanged, so that it cannot collide with itself
      this.due = false;
      this.timer = 0;
      this.since = 0;
      this.closed = false;
      this.bringBack();
      this.box.addEventListener("input", (event) => this.typed(event.isComposing));
      this.box.addEventListener("compositionend", () => this.typed(false));
      for (const button of element.querySelectorAll("[data-choose]"))
        button.addEventListener("click", () => this.choose(button.dataset.choose));
      element.querySelector("[data-choices]").hidden = false;
      element.querySelector("[data-without-script]").hidden = true;
      this.measure();
      if (this.dirty && !this.conflict) this.ask();
    }

    get dirty() {
      return this.pending !== null || this.box.value !== this.saved;
    }

    bringBack() {
      const copy = readCopy(this.name);
      if (!copy || this.conflict) return;
      if (copy.text === this.box.value) {
        if (!this.dirty) writeCopy(this.name, null);
        return;
      }
      this.box.value = copy.text;
      this.base.value = copy.base;
      this.say("已找回本窗口上次没有保存的文字");
    }

    typed(composing) {
      this.measure();
      writeCopy(this.name, this.dirty ? { text: this.box.value, base: this.base.value } : null);
      tell();
      if (composing || this.conflict || this.closed) return;
      const now = Date.now();
      this.since ||= now;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), Math.max(0, Math.min(PAUSE, this.since + CEILING - now)));
    }

    ask() {
      clearTimeout(this.timer);
      this.since = 0;
      if (this.conflict || this.closed || !this.dirty) return;
      this.due = true;
      start();
    }

    async send() {
      this.due = false;
      if (!this.pending && !this.dirty) return true;
      this.pending ||= { key: this.key, text: this.box.value, base: this.base.value };
      this.say(SAY.saving);
      let response;
      let answer = {};
      try {
        response = await fetch(form.dataset.saveUrl, {
          method: "POST",
          credentials: "same-origin",
          headers: { "X-CSRFToken": cookie("csrftoken"), "X-Requested-With": "fetch", Accept: "application/json" },
          body: new URLSearchParams(this.pending),
          signal: AbortSignal.timeout(PATIENCE),
        });
        if (response.headers.get("Content-Type")?.includes("application/json")) answer = await response.json();
      } catch {
        return this.failed(SAY.offline);
      }
      return this.answered(response.status, answer);
    }

    answered(status, answer) {
      if (["saved", "conflict", "closed"].includes(answer.outcome)) {
        trouble = "";
        failures = 0;
      }
      if (answer.outcome === "saved") return this.wasSaved(answer);
      if (status < 500) this.pending = null; // it certainly was not written
      if (answer.outcome === "conflict") return this.collided(answer);
      if (answer.outcome === "closed") return this.wasClosed(answer);
      if (answer.outcome === "invalid") return this.failed(answer.message);
      if (status === 401) return this.failed(SAY.expired);
      return this.failed(status === 403 || status === 404 ? SAY.refused : SAY.offline);
    }

    wasSaved(answer) {
      this.saved = this.pending.text;
      this.pending = null;
      this.base.value = answer.version;
      writeCopy(this.name, this.dirty ? { text: this.box.value, base: this.base.value } : null);
      this.say(answer.saved_at ? `已保存 ${answer.saved_at}` : "");
      if (this.dirty) this.due = true;
      return true;
    }

    collided(answer) {
      this.conflict = true;
      this.otherText = answer.text;
      this.otherVersion = answer.version;
      this.other.textContent = answer.text;
      this.panel.hidden = false;
      this.panel.scrollIntoView({ block: "nearest" });
      this.say(SAY.conflict);
      return true;
    }

    wasClosed(answer) {
      this.closed = true;
      for (const section of sections) {
        section.box.readOnly = true;
        section.ask();
      }
      writeCopy(this.name, null);
      this.saved = this.box.value;
      this.say(answer.message);
      return true;
    }

    failed(message) {
      trouble = message;
      this.due = true;
      this.say(message);
      return false;
    }

    choose(which) {
      const mine = this.box.value;
      if (which === "other") this.box.value = this.otherText;
      if (which === "merge") this.box.value = [this.otherText.trimEnd(), mine].filter(Boolean).join("\n\n");
      this.base.value = this.otherVersion;
      this.saved = this.otherText;
      this.conflict = false;
      this.panel.hidden = true;
      this.say("");
      this.typed(false);
      this.ask();
      this.box.focus();
    }

    say(message) {
      this.status.textContent = message;
      tell();
    }

    measure() {
      this.count.textContent = `${[...this.box.value.replace(/\s/gu, "")].length} 字`;
      if (!CSS.supports("field-sizing", "content")) {
        this.box.style.height = "auto";
        this.box.style.height = `${this.box.scrollHeight + 2}px`;
      }
    }
  }

  function tell() {
    const open = sections.filter((section) => section.dirty && !section.closed);
    signIn.hidden = ![SAY.expired, SAY.refused].includes(trouble);
    if (sections.some((section) => section.closed)) bar.textContent = "材料已提交，不能再修改";
    else if (sections.some((section) => section.conflict)) bar.textContent = SAY.conflict;
    else if (trouble) bar.textContent = trouble;
    else bar.textContent = open.length ? SAY.unsaved : "全部文字已保存";
    bar.classList.toggle("text-danger", Boolean(trouble));
  }

  function start() {
    clearTimeout(retryTimer);
    running ||= run().finally(() => {
      running = null;
      if (sections.some((section) => section.due)) later();
    });
    return running;
  }

  /* One request at a time: a person's own saves never race each other. */
  async function run() {
    for (;;) {
      const next = sections.find((section) => section.due && !section.conflict && !section.closed);
      if (!next) break;
      if (!(await next.send())) {
        failures += 1;
        break;
      }
    }
    tell();
  }

  function later() {
    clearTimeout(retryTimer);
    if (failures) retryTimer = setTimeout(start, Math.min(30000, 1500 * 2 ** failures));
    else start();
  }

  async function saveAll() {
    for (const section of sections) section.ask();
    while (running) await running;
    return sections.every((section) => !section.dirty && !section.conflict && !section.closed);
  }

  const sections = [];
  for (const element of form.querySelectorAll("[data-section]")) sections.push(new Section(element));
  tell();

  form.addEventListener("submit", (event) => {
    if (leaving) return;
    event.preventDefault();
    const button = event.submitter;
    const handingIn = button?.hasAttribute("formaction");
    saveAll().then((saved) => {
      if (!saved || !handingIn) return;
      leaving = true;
      form.elements.csrfmiddlewaretoken.value = cookie("csrftoken") || form.elements.csrfmiddlewaretoken.value;
      form.requestSubmit(button);
    });
  });
  window.addEventListener("pageshow", () => (leaving = false));
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && sections.some((section) => section.dirty && !section.closed)) event.preventDefault();
  });
  const again = () => {
    if (sections.some((section) => section.due)) start();
  };
  window.addEventListener("online", again);
  window.addEventListener("focus", again);
  document.addEventListener("visibilitychange", () => {
    for (const section of sections) section.ask();
  });
})();
