// What a page says about its connection, newer figures, and the way to a kernel. A page is whole without it.
(() => {
  const body = document.body, told = body.dataset;
  const line = document.getElementById("wb-line");
  const config = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "null");
  const said = config ? config.said : JSON.parse(told.said);
  const say = (name, value = "") => said[name].replace("#1", value);
  const clock = () => new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

  const show = (text, action, act) => {
    line.textContent = text;
    if (action) {
      const button = document.createElement("button");
      button.textContent = action;
      button.addEventListener("click", act);
      line.append(" ", button);
    }
    line.hidden = !text;
  };

  // The token and a ticket stand in the address for one request; nobody finds them in the history.
  const tidy = () => {
    const address = new URL(location.href), before = address.href;
    ["token", "live"].forEach((name) => address.searchParams.delete(name));
    if (address.href !== before) history.replaceState(null, "", address);
  };

  // --- pages that stand: newer figures every while ---

  let tag = told.tag, etag = null, since = null, busy = false;
  const edited = () => [...document.querySelectorAll("main form")].some((form) =>
    [...form.elements].some((field) => ["text", "textarea", "date"].includes(field.type) && field.value !== field.defaultValue));
  const opened = () => new Set([...document.querySelectorAll("main details[open]")].map(place));
  const place = (node) => [...document.querySelectorAll("main details")].indexOf(node);

  const replace = (newer) => {
    const open = opened();
    const focused = document.activeElement && document.activeElement.id;
    document.title = newer.title;
    document.querySelector("main").replaceWith(newer.querySelector("main"));
    document.querySelectorAll("main details").forEach((node, k) => open.has(k) && (node.open = true));
    if (focused) document.getElementById(focused)?.focus();
    tag = newer.body.dataset.tag;
    show("");
  };

  const look = async () => {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(location.href, { headers, cache: "no-store", credentials: "same-origin" });
      if (answer.redirected && new URL(answer.url).pathname.endsWith("/login")) {
        show(say("ended"), say("again"), () => location.assign(answer.url));
        return;
      }
      if (answer.status >= 500) throw new Error(String(answer.status));
      since = null;
      show("");
      if (answer.status !== 200) return;
      etag = answer.headers.get("ETag");
      const newer = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (newer.body.dataset.tag === tag) return;
      if (edited()) show(say("newer"), say("show"), () => replace(newer));
      else replace(newer);
    } catch (error) {
      since = since || clock();
      show(say("lost", since));
    } finally {
      busy = false;
    }
  };

  // --- the way to a page that computes ---

  const ask = (more = "") => fetch(location.pathname + location.search + more, {
    method: "POST", headers: { "X-XSRFToken": told.xsrf }, credentials: "same-origin",
  });
  const begin = async (button) => {
    if (button) { button.disabled = true; button.textContent = say("starting"); }
    try {
      const answer = await ask();
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
      const address = new URL((await answer.json()).address, location.href);
      const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      if (!address.searchParams.get("theme")) address.searchParams.set("theme", dark);
      location.replace(address);
    } catch (error) {
      show(say("failed", error.message), say("resume"), () => location.reload());
    }
  };

  // --- a page that computes: whether its kernel lives ---

  const beat = async (kernel) => {
    try {
      const answer = await fetch(`${kernel.base}api/kernels/${kernel.id}`, { cache: "no-store", credentials: "same-origin" });
      if (answer.ok) {
        if (since) location.reload();  // what was said meanwhile is lost on both sides: the page begins anew
      } else if (answer.status === 404 || answer.status === 403) {
        if (since) location.reload();
        else { clearInterval(kernel.timer); show(say("rested"), say("resume"), () => location.reload()); }
      }
    } catch (error) {
      since = since || clock();
      show(say("lost", since));
    }
  };

  const start = () => {
    tidy();
    if (config) {
      const kernel = { id: config.kernelId, base: config.baseUrl };
      kernel.timer = setInterval(beat, 5000, kernel);
      return;
    }
    if (told.live === "at once") begin();
    if (told.live === "click") {
      const button = document.getElementById("wb-live");
      if (button) {
        button.hidden = false;
        button.addEventListener("click", () => begin(button));
        ask((location.search ? "&" : "?") + "ready=1").catch(() => {});
      }
    }
    const seconds = Number(told.refresh);
    if (seconds) {
      setInterval(look, 1000 * seconds);
      document.addEventListener("visibilitychange", look);
      addEventListener("online", look);
      addEventListener("offline", look);
    }
  };
  start();
})();
